"""How GitHub shows what it remembers: state to JSON. What is left out here and required there, contract/filling.py adds."""
