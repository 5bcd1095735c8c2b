"""Searches a program of any language for the commands, addresses and library calls that publish."""

import re
from collections.abc import Iterator, Mapping

from bot.model.core_types import RegistryId
from bot.registries import Catalog

_STRING = re.compile(r"\"((?:[^\"\\\n]|\\.){0,300})\"|'((?:[^'\\\n]|\\.){0,300})'|`((?:[^`\\\n]|\\.){0,300})`")
# What may stand between the words of one command: commas, brackets, `.args(`, `.arg(`, `vec![`, `List.of(`.
_BETWEEN = re.compile(
    r"[\s,+&]*\)?\s*(?:(?:\.|->)\s*(?:args?|arguments|add|push|append)\s*\(?)?[\s(\[{&:]*"
    r"(?:vec!|listOf|arrayOf|List\.of|Arrays\.asList|new\s+(?:string|String)\s*\[\s*\])?[\s(\[{]*",
    re.IGNORECASE,
)
_MAX_BETWEEN = 60
_MAX_STRINGS = 20_000
_MAX_WORDS = 30  # of one command
# A text that is shown or raised is no command, whatever it says.
_SHOWN = re.compile(
    r"(?:print\w*|log\w*|echo|puts|warn\w*|error\w*|info|debug|throw\w*|raise|assert\w*|describe|it|usage|help|message"
    r"|description)[\s(!:=]*(?:\w{0,20}[\s(:=]+)?[$f]?$",
    re.IGNORECASE,
)
# A library that is told to try only: semantic-release, release-it and nx take this option.
_REHEARSED = re.compile(r"\bdry_?run\b[\"']?\s*[:=]\s*[Tt]rue\b", re.IGNORECASE)
_SENDS = re.compile(r"\b(?:PUT|POST|put|post|upload|multipart)\b")
_ADDRESS = re.compile(r"https?://[\w.-]{4,100}(?:/[\w./-]{0,100})?")
# Calls of libraries that publish, by registry. Source: each library's documentation, as of 2026-11.
_LIBRARY_CALLS: Mapping[str, re.Pattern[str]] = {
    "nuget": re.compile(r"\b(?:DotNetNuGetPush|DotNetCoreNuGetPush|NuGetPush|NuGet\.push|DotNet\.nugetPush)\s*\("),
    "npm": re.compile(r"libnpmpublish|@jsdevtools/npm-publish"),
    "pypi": re.compile(r"twine\.commands\.upload|twine\.upload|from twine\.commands import upload"),
    "rubygems": re.compile(r"Gem::Commands::PushCommand|Gems\.push\b"),
    "vscode-marketplace": re.compile(r"@vscode/vsce[\"']\)?\s*[;\s][\s\S]{0,2000}?\bpublish(?:VSIX)?\s*\("),
    "openvsx": re.compile(r"require\([\"']ovsx[\"']\)"),
    "github-releases": re.compile(
        r"\b(?:createRelease|uploadReleaseAsset|create_git_release|create_git_tag_and_release|CreateRelease|create_release"
        r"|UploadReleaseAsset|PublishGitHubReleaseWithArtifacts|GitReleaseManagerCreate|githubRelease)\s*\("
    ),
    "huggingface": re.compile(r"\b(?:upload_folder|upload_large_folder|push_to_hub)\s*\("),
}


def command_words(text: str, catalog: Catalog) -> Iterator[tuple[int, list[str]]]:
    """Yield the commands that neighbouring strings of a program form and that publish, each with its 0-based line."""
    rehearsed = _REHEARSED.search(text) is not None
    for start, strings in _string_runs(text):
        for index, first in enumerate(strings[:_MAX_WORDS]):
            tool = first.split(" ", 1)[0].rpartition("/")[2]
            if not catalog.knows_tool(tool):
                continue
            words = [word for each in strings[index : index + _MAX_WORDS] for word in each.split()][:_MAX_WORDS]
            words[0] = tool
            if rehearsed and any(f"{quote}{tool}{quote}" in text for quote in "\"'"):
                continue  # it is a library here, and other strings only speak of it
            if any(known.fact.role == "publish" for known in catalog.commands(words)):
                yield text.count("\n", 0, start), words
                break


def _string_runs(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the strings of a program that stand next to each other, and where the first one begins."""
    run: list[str] = []
    start = end = 0
    for count, found in enumerate(_STRING.finditer(text)):
        between = text[end : found.start()]
        if run and not (len(between) <= _MAX_BETWEEN and _BETWEEN.fullmatch(between)):
            yield start, run
            run = []
        if not run:
            start = found.start()
            if _SHOWN.search(text[max(start - 60, 0) : start].rpartition("\n")[2]):
                end = found.end()
                continue
        run.append(found[1] or found[2] or found[3] or "")
        end = found.end()
        if count > _MAX_STRINGS:
            break
    if run:
        yield start, run


def called_registries(text: str, catalog: Catalog) -> tuple[RegistryId, ...]:
    """Give the registries that a program sends to by a library, or by their own upload addresses."""
    found = [RegistryId(registry) for registry, pattern in _LIBRARY_CALLS.items() if pattern.search(text)]
    if _SENDS.search(text):
        for address in dict.fromkeys(_ADDRESS.findall(text)):
            known = catalog.address_at(address)
            if known is not None and known[1].uploads:
                found.append(known[0].id)
    return tuple(dict.fromkeys(each for each in found if each in catalog.registries))
