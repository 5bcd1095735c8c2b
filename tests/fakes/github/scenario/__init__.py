"""The stand-in in the words of a test: organisations, repositories, installations, and what people do with them."""
