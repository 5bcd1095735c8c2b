"""Parses untrusted XML into plain elements, without entities, document types or deep nesting."""

from dataclasses import dataclass, field
from xml.parsers import expat

from bot.model.errors import UnreadableError

MAX_XML_DEPTH = 64
MAX_XML_ELEMENTS = 200_000


class XmlError(UnreadableError):
    """XML that cannot be read; the text is the reason."""


@dataclass(slots=True)
class XmlElement:
    """One element: its name without a namespace, its attributes, its own text and the elements inside, in order."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list["XmlElement"] = field(default_factory=list)

    def children_named(self, name: str) -> list["XmlElement"]:
        """Return the elements of this name directly inside."""
        return [each for each in self.children if each.name == name]

    def text_at(self, *names: str) -> str:
        """Return the text of the first element that lies behind these names, without space around; empty where there is none."""
        found: XmlElement | None = self
        for name in names:
            found = next(iter(found.children_named(name)), None) if found else None
        return found.text.strip() if found else ""


def read_xml(content: bytes) -> XmlElement:
    """Return the outermost element; raises XmlError for what is no XML, and for what could make much of little."""
    parser = expat.ParserCreate()
    root = XmlElement("")
    open_elements, count = [root], 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(open_elements) > MAX_XML_DEPTH or count > MAX_XML_ELEMENTS:
            raise XmlError("it is XML of more depth or more elements than we read")
        element = XmlElement(name.rpartition(":")[2], dict(attributes))
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_: str) -> None:
        open_elements.pop()

    def text(data: str) -> None:
        open_elements[-1].text += data

    def declared(*_: object) -> None:
        raise XmlError("it is XML that declares a type or entities of its own")

    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = declared
    try:
        parser.Parse(content, True)  # noqa: FBT003 - expat's own signature: this is all of it
    except expat.ExpatError as error:
        raise XmlError(f"it is no XML ({expat.ErrorString(error.code)})") from None
    if not root.children:
        raise XmlError("it is XML without an element")
    return root.children[0]
