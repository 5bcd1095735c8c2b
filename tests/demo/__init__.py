"""The demo: the whole App against the stand-in, with a sample organization of eight small repositories, each one story."""
