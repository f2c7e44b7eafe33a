"""Who is who? Surveys, registers and lists become a snapshot; what cannot be true is refused or proposed for a look."""

from tuopin.stages.intake.importing import Imported, import_snapshot
from tuopin.stages.intake.mapping import read_mapping
from tuopin.stages.intake.proposals import STAGE, propose
from tuopin.stages.intake.rejects import Reject

__all__ = ["STAGE", "Imported", "Reject", "import_snapshot", "propose", "read_mapping"]
