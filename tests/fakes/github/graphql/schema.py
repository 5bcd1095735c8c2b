"""GitHub's published GraphQL schema, built once when first needed."""

import gzip
from functools import cache
from pathlib import Path

from graphql import GraphQLSchema, build_schema

_FILE = Path(__file__).parent.parent / "contract" / "schema.graphql.gz"


@cache
def schema() -> GraphQLSchema:
    """The schema. It is taken as it is: GitHub's text declares two fields twice, which a strict reader refuses."""
    return build_schema(
        gzip.decompress(_FILE.read_bytes()).decode(), assume_valid=True, assume_valid_sdl=True, no_location=True
    )
