"""What is a household in a file? Declared schemas, snapshots on disk, and the engines that run a query over them."""

from tuopin.tables.areas import Area, Areas
from tuopin.tables.content import ContentHash, table_hash
from tuopin.tables.manifest import (
    AssumptionEntry,
    CoverageEntry,
    CurrencyEntry,
    Heading,
    IdentifierEntry,
    Manifest,
    RejectedEntry,
    SourceEntry,
)
from tuopin.tables.schema import LIMITS, PROPOSALS, Column, Table, arrow_schema, table_named, table_of_entity
from tuopin.tables.snapshot import Snapshot
from tuopin.tables.writer import SnapshotWriter

__all__ = [
    "LIMITS",
    "PROPOSALS",
    "Area",
    "Areas",
    "AssumptionEntry",
    "Column",
    "ContentHash",
    "CoverageEntry",
    "CurrencyEntry",
    "Heading",
    "IdentifierEntry",
    "Manifest",
    "RejectedEntry",
    "Snapshot",
    "SnapshotWriter",
    "SourceEntry",
    "Table",
    "arrow_schema",
    "table_hash",
    "table_named",
    "table_of_entity",
]
