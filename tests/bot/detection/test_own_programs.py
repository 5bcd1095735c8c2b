"""A repository's own programs, in any language, and the tasks of runners that start them."""

import pytest

from tests.bot.detection.publication_lines import job, publication_line, publications_in

TOKENS = (
    "  env: {TWINE_PASSWORD: '${{ secrets.P }}', NODE_AUTH_TOKEN: '${{ secrets.N }}', CARGO_REGISTRY_TOKEN: '${{ secrets.C }}',"
    " GEM_HOST_API_KEY: '${{ secrets.G }}', NUGET_API_KEY: '${{ secrets.U }}'}\n"
)


def found(command: str, files: dict[str, str]) -> list[str]:
    """The publications of a step that runs a command with every registry's key."""
    result = publications_in({"release.yml": job(f"- run: {command}\n{TOKENS}"), **files})
    return [f"{publication_line(each)} {each.confidence}" for each in result.publications if each.via]


@pytest.mark.parametrize(
    ("command", "path", "text", "line"),
    [
        ("go run ./tools/ship", "tools/ship/main.go", 'exec.Command("npm", "publish", "--access", "public").Run()', "npm"),
        ("go run tools/up.go", "tools/up.go", 'args := []string{"publish"}\nexec.Command("cargo", args...)\ncmd("twine", "upload", "dist/*")', "pypi"),
        ("dart run tool/ship.dart", "tool/ship.dart", "Process.run('npm', ['publish']);", "npm"),
        ("cargo run -p ship", "ship/src/main.rs", 'Command::new("twine").args(["upload", "dist/*"]).status();', "pypi"),
        ("cargo xtask dist", "xtask/src/main.rs", 'cmd("cargo").arg("publish").arg("--locked").run()', "crates.io"),
        ("cargo make ship", "Makefile.toml", '[tasks.ship]\ncommand = "cargo"\nargs = ["publish"]\n', "crates.io"),
        ("dotnet run --project build", "build/Program.cs", 'Run("dotnet", "nuget push *.nupkg");', "nuget"),
        ("dotnet run --project build -- Push", "build/Build.cs", "Target Push => _ => _.Executes(() => DotNetNuGetPush(s => s));", "nuget"),
        ("dotnet cake --target=Push", "build.cake", 'Task("Push").Does(() => DotNetNuGetPush("a"));', "nuget"),
        ("mage ship", "magefile.go", 'func Ship() error { return sh.Run("gem", "push", "x.gem") }', "rubygems"),
        ("mage ship", "magefile.go", 'func Ship() { mg.Deps(Push) }\nfunc Push() { sh.Run("gem", "push", "x") }', "rubygems"),
        ("toys ship", ".toys.rb", 'tool "ship" do\n  exec ["gem", "push", "x.gem"]\nend\n', "rubygems"),
        ("bundle exec rake ship", "Rakefile", 'task :ship do\n  sh "gem push x.gem"\nend\n', "rubygems"),
        ("ruby ci/ship.rb", "ci/ship.rb", "system('gem', 'push', file)\n", "rubygems"),
        ("php ci/ship.php", "ci/ship.php", "<?php exec('npm publish');", "npm"),
        ("node ci/ship.mjs", "ci/ship.mjs", "await $$('npm', ['publish', '--access', 'public']);", "npm"),
        ("python ci/ship.py", "ci/ship.py", "CMD = ['twine', 'upload', 'dist/*']\nlaunch(CMD)\n", "pypi"),
        ("moon run lib:ship", "packages/lib/moon.yml", "tasks:\n  ship: {command: npm, args: [publish]}\n", "npm"),
        ("moon run :ship", ".moon/tasks.yml", "tasks:\n  ship:\n    script: npm publish\n", "npm"),
        ("npx nx run-many -t ship", "project.json", '{"targets": {"ship": {"options": {"commands": ["npm publish"]}}}}', "npm"),
        ("npx nx ship lib", "libs/lib/package.json", '{"scripts": {"ship": "npm publish"}}', "npm"),
        ("make ship MODE=up", "Makefile", "MODE = test\nship:\n\ttest $(MODE) = up && twine upload dist/*\n", "pypi"),
        ("make all-up", "Makefile", "include ci/up.mk\n", None),
    ],
)  # fmt: skip
def test_what_a_program_runs_is_found(command: str, path: str, text: str, line: str | None) -> None:
    registries = [each.split(" ")[1] for each in found(command, {path: text})]
    assert registries == ([line] if line else [])


@pytest.mark.parametrize(
    ("command", "path", "text"),
    [
        ("go run ./tools/ship", "tools/ship/main.go", 'fmt.Println("npm publish comes next")'),
        ("node ci/a.js", "ci/a.js", "console.log('npm publish');\nthrow new Error('twine upload failed');"),
        ("mage test", "magefile.go", 'func Test() {}\nfunc Ship() { sh.Run("gem", "push", "x") }'),
        ("rake spec", "Rakefile", 'task :spec do\n  sh "rspec"\nend\ntask :ship do\n  sh "gem push x"\nend\n'),
        ("make check MODE=test", "Makefile", "check:\n\ttest $(MODE) = up && twine upload dist/*\n"),
        ("node try.mjs", "try.mjs", 'import run from "semantic-release";\nawait run({dryRun: true, branches: ["main"]});\nconsole.log(\n  "semantic-release would publish",\n);'),
        ("npx nx run lib:lint", "libs/lib/project.json", '{"targets": {"lint": {"command": "eslint ."}, "ship": {"command": "npm publish"}}}'),
    ],
)  # fmt: skip
def test_what_a_program_only_says_or_does_elsewhere_is_not(command: str, path: str, text: str) -> None:
    assert found(command, {path: text}) == []


def test_what_was_searched_is_of_medium_confidence() -> None:
    assert found("go run ./a", {"a/main.go": 'exec.Command("cargo", "publish")'}) == ["6 crates.io long-lived C medium"]


def test_a_makefile_reads_what_it_includes() -> None:
    files = {"Makefile": "include ci/up.mk\n", "ci/up.mk": "up:\n\ttwine upload dist/*\n"}
    assert found("make up", files) == ["6 pypi long-lived P high"]


def test_each_package_of_a_workspace_is_looked_into() -> None:
    files = {
        "package.json": '{"workspaces": ["packages/*"]}',
        "packages/a/package.json": '{"scripts": {"ship": "npm publish"}}',
        "packages/b/package.json": '{"scripts": {"lint": "eslint ."}}',
    }
    assert found("npx turbo run ship", files) == ["6 npm long-lived N high"]


def test_a_program_full_of_quotes_and_brackets_is_searched_in_time() -> None:
    for text in ('"' * 100_000, "('" * 100_000, '"a", ' * 100_000, "[" * 100_000, '"npm" ' * 50_000):
        assert found("node ci/a.js", {"ci/a.js": text}) == []
