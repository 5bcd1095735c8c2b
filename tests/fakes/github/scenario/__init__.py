"""The stand-in in the words of a test: organizations, repositories, installations, and what people do with them."""
