"""A script is read once for all who ask the same."""

from collections.abc import Callable

from bot.shell import Script, read_script, read_script_cached


def tools(script: Script) -> list[str]:
    return [str(command.argv[0]) for command in script.commands]


def always(*values: str) -> Callable[[str], tuple[str, ...]]:
    return lambda _: values


def test_the_same_question_is_answered_by_the_same_reading() -> None:
    text = "npm ci # once\n${{ matrix.tool }} publish"
    first = read_script_cached(text, "bash", {}, always("npm"))
    assert read_script_cached(text, "bash", {}, always("npm")) is first
    assert first == read_script(text, "bash", {}, always("npm"))


def test_other_answers_variables_and_shells_are_other_questions() -> None:
    text = "${{ matrix.tool }} publish; echo $T # other"
    assert tools(read_script_cached(text, "bash", {}, always("npm"))) == ["npm", "echo"]
    assert tools(read_script_cached(text, "bash", {}, always("pnpm"))) == ["pnpm", "echo"]
    told = read_script_cached(text, "bash", {"T": ("yarn",)}, always("npm")).commands[1]
    assert str(told.argv[1]) == "yarn"
    assert tools(read_script_cached("$x = 1 # other", "pwsh", {})) != tools(
        read_script_cached("$x = 1 # other", "bash", {})
    )


def test_more_answers_than_are_remembered_are_right_all_the_same() -> None:
    for tool in ("a", "b", "c", "d", "e", "f", "e", "a"):
        assert tools(read_script_cached("${{ x }} publish # many", "bash", {}, always(tool))) == [tool]
