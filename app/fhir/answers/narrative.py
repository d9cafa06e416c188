"""Which XHTML a narrative may hold.

http://hl7.org/fhir/R4/narrative.html#xhtml
"""

import re
from html.entities import name2codepoint
from xml.parsers import expat

# Reading markup costs more than reading JSON; nobody reads a narrative longer than this.
MAX_TAGS = 20_000

_XHTML = "http://www.w3.org/1999/xhtml"
_XML = "http://www.w3.org/XML/1998/namespace"
# Chapters 7 to 11 (without 9.4) and 15 of HTML 4.0, links and images.
_ELEMENTS = frozenset(
    """
    div span p br hr h1 h2 h3 h4 h5 h6 address bdo
    em strong dfn code samp kbd var cite abbr acronym blockquote q sub sup pre
    ul ol li dl dt dd dir menu
    table caption colgroup col thead tfoot tbody tr th td
    tt i b big small s strike u font basefont center
    a img map area
    """.split()
)
_ATTRIBUTES = frozenset(
    """
    id class title style lang dir align valign width height char charoff
    href name rel hreflang type src alt longdesc usemap ismap shape coords nohref cite
    summary border frame rules cellspacing cellpadding span rowspan colspan abbr axis headers
    scope nowrap bgcolor accesskey tabindex target
    clear size noshade color face compact start value background hspace vspace
    """.split()
)
_ADDRESSES = frozenset(("href", "src", "longdesc", "usemap", "cite", "background"))
_SAFE_SCHEMES = frozenset(("http", "https", "mailto", "tel", "ftp", "urn", "cid"))
_SCHEME = re.compile(r"([a-z][a-z0-9+.\-]*):", re.IGNORECASE)
_IMAGE = re.compile(
    r"data:image/(?:png|jpe?g|gif|bmp|webp);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE
)
_UNSAFE_STYLE = re.compile(
    r"expression\s*\(|javascript:|vbscript:|behaviou?r\s*:|-moz-binding|@import|url\s*\(|\\|/\*",
    re.IGNORECASE,
)
_INVISIBLE = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\ufeff]")
# What generated narratives mostly are: one div of text.
_PLAIN = re.compile(
    r'<div xmlns="http://www\.w3\.org/1999/xhtml">\s*[^<>&\s\x00-\x1f][^<>&\x00-\x08\x0b\x0c\x0e-\x1f]*</div>'
)
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_XML_ENTITIES = frozenset(("amp", "lt", "gt", "quot", "apos"))


def fault_of(div: str) -> str | None:
    """Why the markup may not be a narrative's div, as a sentence without its content; or None."""
    if _PLAIN.fullmatch(div) is not None:
        return None
    if div.count("<") > MAX_TAGS:
        return f"The narrative has more than {MAX_TAGS} tags."
    if "<!DOCTYPE" in div or "<!ENTITY" in div:
        return "A narrative declares nothing."
    reading = _Reading()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reading.element
    parser.CharacterDataHandler = reading.characters
    parser.ProcessingInstructionHandler = reading.instruction
    parser.StartDoctypeDeclHandler = reading.declaration
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(_ENTITY.sub(_character, div) if "&" in div else div, True)
    except (expat.ExpatError, UnicodeEncodeError):
        return "The narrative is not well-formed XHTML."
    except _Fault as fault:
        return str(fault)
    return None if reading.has_content else "The narrative is empty."


def _character(entity: re.Match[str]) -> str:
    """HTML's named characters are allowed, though XML does not know them."""
    name = entity[1]
    point = name2codepoint.get(name)
    return entity[0] if name in _XML_ENTITIES or point is None else f"&#{point};"


class _Fault(Exception):
    """The markup holds what a narrative may not."""


class _Reading:
    """What the parser reports, judged as it comes."""

    def __init__(self) -> None:
        self.has_content = False
        self._is_inside = False

    def element(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if space != _XHTML:
            raise _Fault("A narrative's elements are in the XHTML namespace.")
        if not self._is_inside and local != "div":
            raise _Fault("A narrative is one div.")
        self._is_inside = True
        if local not in _ELEMENTS:
            raise _Fault("The narrative has an element that is not allowed.")
        self.has_content = self.has_content or local == "img"
        for attribute, value in attributes.items():
            _judge(attribute, value, local)

    def characters(self, text: str) -> None:
        if not self.has_content and not text.isspace():
            self.has_content = True

    def instruction(self, _target: str, _data: str) -> None:
        raise _Fault("A narrative holds no processing instruction.")

    def declaration(self, *_declared: object) -> None:
        raise _Fault("A narrative declares nothing.")


def _judge(attribute: str, value: str, element: str) -> None:
    space, _, name = attribute.rpartition(" ")
    if space == _XML:
        return
    # A browser that takes the text for HTML does not mind capitals.
    name = name.lower()
    if space or name not in _ATTRIBUTES:
        raise _Fault("The narrative has an attribute that is not allowed.")
    if name in _ADDRESSES and not _is_safe(value, element):
        raise _Fault("The narrative has an address that is not allowed.")
    if name == "style" and _UNSAFE_STYLE.search(_INVISIBLE.sub(" ", value)):
        raise _Fault("The narrative has a style that is not allowed.")


def _is_safe(address: str, element: str) -> bool:
    # Browsers skip what cannot be seen: "java&#10;script:" is a scheme to them.
    bare = _INVISIBLE.sub("", address)
    scheme = _SCHEME.match(bare)
    if scheme is None or scheme[1].lower() in _SAFE_SCHEMES:
        return True
    return element == "img" and _IMAGE.fullmatch(bare) is not None
