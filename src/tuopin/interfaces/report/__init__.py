"""What did a sweep find, on one page that a minister, an auditor and a villager can read?"""

from tuopin.interfaces.report.page import Written, write_report

__all__ = ["Written", "write_report"]
