"""The demo: the whole App against the stand-in, with a sample organisation of eight small repositories, each one story."""
