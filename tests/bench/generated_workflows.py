"""Workflows to scan, in the shapes that people write: generated, so that anybody measures the same."""

from collections.abc import Iterator
from pathlib import Path

from bot.registries import load_catalog

CI = """\
name: CI {n}
on:
  push: {branches: [main]}
  pull_request:
permissions: {contents: read}
concurrency:
  group: ci-${{ github.ref }}
  cancel-in-progress: true
jobs:
  test:
    runs-on: ${{ matrix.os }}
    strategy:
      matrix:
        os: [ubuntu-latest, windows-latest, macos-latest]
        node: [20, 22, 24]
        include: [{os: ubuntu-latest, node: 25}]
    steps:
      - uses: actions/checkout@v5
        with: {fetch-depth: 0}
      - uses: actions/setup-node@v5
        with:
          node-version: ${{ matrix.node }}
          cache: npm
      - run: npm ci
      - name: Lint and test
        env: {CI: "true", SHARD: "{n}"}
        run: |
          npm run lint -- --max-warnings 0
          npm test -- --shard=$SHARD/3 --coverage
          if [ -f coverage/lcov.info ]; then
            echo "covered=yes" >> "$GITHUB_OUTPUT"
          fi
      - uses: codecov/codecov-action@v5
        if: matrix.os == 'ubuntu-latest' && github.event_name == 'push'
        with: {token: "${{ secrets.CODECOV_TOKEN }}"}
"""
NPM = """\
name: Release {n}
on:
  release: {types: [published]}
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions: {contents: read, id-token: write}
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-node@v5
        with: {node-version: 24, cache: npm}
      - run: npm ci && npm run build
      - name: Publish
        run: |
          VERSION=$(node -p "require('./package.json').version")
          case "$VERSION" in
            *-*) TAG=next ;;
            *) TAG=latest ;;
          esac
          npm publish --provenance --access public --tag "$TAG"
        env:
          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}
      - run: gh release edit "${{ github.event.release.tag_name }}" --notes-file CHANGELOG.md
        env: {GH_TOKEN: "${{ github.token }}"}
"""
PYPI = """\
name: Upload {n}
on:
  push: {tags: ["v*"]}
env: {PYTHON: "3.13"}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-python@v6
        with: {python-version: "${{ env.PYTHON }}"}
      - run: |
          python -m pip install --upgrade pip build
          python -m build
      - uses: actions/upload-artifact@v5
        with: {name: dist, path: dist/}
  publish:
    needs: build
    runs-on: ubuntu-latest
    environment: {name: pypi}
    permissions: {id-token: write}
    steps:
      - uses: actions/download-artifact@v6
        with: {name: dist, path: dist/}
      - uses: pypa/gh-action-pypi-publish@release/v1
  mirror:
    needs: [build, publish]
    if: github.repository_owner == 'acme'
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v6
      - run: pip install twine && twine upload --skip-existing dist/*
        env: {TWINE_USERNAME: __token__, TWINE_PASSWORD: "${{ secrets.TEST_PYPI_TOKEN }}", TWINE_REPOSITORY: testpypi}
"""
IMAGE = """\
name: Image {n}
on:
  push: {branches: [main], tags: ["v*"]}
jobs:
  image:
    runs-on: ubuntu-latest
    permissions: {contents: read, packages: write}
    steps:
      - uses: actions/checkout@v5
      - uses: docker/setup-buildx-action@v3
      - id: meta
        uses: docker/metadata-action@v5
        with:
          images: |
            {host:ghcr.registry}/${{ github.repository }}
            acme/app{n}
          tags: |
            type=semver,pattern={{version}}
            type=sha
      - uses: docker/login-action@v3
        with: {registry: {host:ghcr.registry}, username: "${{ github.actor }}", password: "${{ secrets.GITHUB_TOKEN }}"}
      - uses: docker/login-action@v3
        with: {username: "${{ secrets.DOCKERHUB_USERNAME }}", password: "${{ secrets.DOCKERHUB_TOKEN }}"}
      - uses: docker/build-push-action@v6
        with: {context: ., push: true, tags: "${{ steps.meta.outputs.tags }}", cache-from: type=gha, cache-to: "type=gha,mode=max"}
"""
CRATE = """\
name: Crate {n}
on: {workflow_dispatch: {inputs: {dry: {type: boolean, default: true}}}}
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: dtolnay/rust-toolchain@stable
      - run: cargo test --all-features
      - run: cargo publish --dry-run
        if: inputs.dry
      - run: |
          for crate in core{n} cli{n}; do
            cargo publish -p "$crate" --token "$CARGO_REGISTRY_TOKEN"
          done
        if: ${{ !inputs.dry }}
        env: {CARGO_REGISTRY_TOKEN: "${{ secrets.CARGO_REGISTRY_TOKEN }}"}
"""
SHAPES = ((CI, NPM), (CI, PYPI), (CI, IMAGE), (CI, CRATE), (CI, CI), (CI, NPM, IMAGE))

# One job of thousands of steps, by what the steps do.
LONG = {
    "actions": "      - uses: actions/checkout@v5\n        with: {fetch-depth: %d}\n",
    "scripts": "      - run: |\n          npm ci\n          if [ -n $X ]; then npm run build%d; fi\n",
    "publishing scripts": "      - {run: npm publish ./p%d, env: {NODE_AUTH_TOKEN: '${{ secrets.NPM_TOKEN }}'}}\n",
    "publishing actions": "      - {uses: pypa/gh-action-pypi-publish@v1, with: {password: '${{ secrets.P%d }}'}}\n",
    "logins": "      - uses: docker/login-action@v3\n        with: {registry: r%d.example.com, password: '${{ secrets.T }}'}\n",
    "exports": '      - run: echo "A%d=${{ secrets.T }}" >> $GITHUB_ENV\n',
}


def write(folder: Path, repositories: int) -> Iterator[Path]:
    """Write so many repositories, and yield their folders."""
    catalogue = load_catalog()
    for number in range(repositories):
        repository = folder / f"acme__widgets{number}"
        workflows = repository / ".github" / "workflows"
        workflows.mkdir(parents=True)
        for index, shape in enumerate(SHAPES[number % len(SHAPES)]):
            (workflows / f"w{index}.yml").write_text(catalogue.expand_addresses(shape.replace("{n}", str(number))))
        yield repository


def write_long(folder: Path, steps: str, count: int) -> Path:
    """Write a repository with one job of so many such steps."""
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    body = "".join(steps % number for number in range(count))
    (workflows / "long.yml").write_text("on: push\njobs:\n  long:\n    runs-on: ubuntu-latest\n    steps:\n" + body)
    return folder
