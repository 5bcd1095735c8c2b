"""XML that strangers wrote, read into plain elements: without entities, documents of their own type, or great depth."""

from dataclasses import dataclass, field
from xml.parsers import expat

from bot.model.errors import UnreadableError

MOST_DEPTH = 64
MOST_ELEMENTS = 200_000


class XmlError(UnreadableError):
    """XML that cannot be read; the text is the reason."""


@dataclass(slots=True)
class Element:
    """One element: its name without a namespace, its attributes, its own text and the elements inside, in order."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    inside: list["Element"] = field(default_factory=list)

    def all(self, name: str) -> list["Element"]:
        """Return the elements of this name directly inside."""
        return [each for each in self.inside if each.name == name]

    def first(self, *names: str) -> str:
        """Return the text of the first element that lies behind these names, without space around; empty where there is none."""
        found: Element | None = self
        for name in names:
            found = next(iter(found.all(name)), None) if found else None
        return found.text.strip() if found else ""


def read_xml(content: bytes) -> Element:
    """Return the outermost element; raises XmlError for what is no XML, and for what could make much of little."""
    parser = expat.ParserCreate()
    root = Element("")
    open_elements, count = [root], 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(open_elements) > MOST_DEPTH or count > MOST_ELEMENTS:
            raise XmlError("it is XML of more depth or more elements than we read")
        element = Element(name.rpartition(":")[2], dict(attributes))
        open_elements[-1].inside.append(element)
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
    if not root.inside:
        raise XmlError("it is XML without an element")
    return root.inside[0]
