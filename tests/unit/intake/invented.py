"""An invented register in files, with the mapping that reads it: three villages, four households, seven people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from tuopin.stages.intake import Imported, import_snapshot

KNOWN_AT = date(2017, 1, 31)
KEY = b"an invented key of an invented office"

AREAS = """\
code,above,kind,name,nom,from,to,next
N,,Region,North,Nord,,,
N1,N,District,Upper valley,,,,
v1,N1,Village,Mill,Moulin,,,
v2,N1,Village,Ford,,,,
v3,N1,Village,Bridge,,2016-07-01,,
v0,N1,Village,Old bridge,,,2016-07-01,v3
"""
HOUSEHOLDS = """\
hid,name,village,where,spent,light
h2,Aru,v1,R,1200.50,1
h1,Bek,v1,R,,0
h4,Cem,v3,T,88,
h3,Dia,v2,R,0.125,1
"""
MEMBERS = """\
hid,nr,national_id,sex,born,earns
h1,1,AA-1 000,F,1950-02-28,
h2,2,AA2000,F,1985-07-01,10
h2,1,AA3000,M,1980-05-17,20.5
h3,1,,F,2000-01-01,0
h3,3,,M,2014-12-31,0
h3,2,AA4000,,2013-01-01,0
h4,1,AA5000,M,1999-12-31,
"""
VEHICLES = """\
owner,kind,worth
AA1000,Car,900.00
BB9000,Tractor,
"""
MAPPING = """\
mapping: invented
pack: template
kind: register
as_of: 2016-12-31
currency: {code: XTS, exponent: 2}
country: XT
source: "Invented for a test"

areas:
  file: areas.csv
  code: code
  parent: above
  tier: {column: kind, recode: {Region: region, District: district, Village: village}}
  name: name
  names: {fr: nom}
  valid_from: from
  valid_to: to
  successor: next

households:
  file: households.csv
  id: {column: hid, as: kept}
  area: village
  facts:
    settlement: {column: where, recode: {R: rural, T: urban}}
    consumption: {column: spent, unit: XTS/year}

members:
  file: members.csv
  number: nr
  person_key: {column: national_id, as: pseudonym}
  facts:
    sex: {column: sex, recode: {F: female, M: male}}
    birth_month: born
    personal_income: {column: earns, unit: XTS/month, multiply: 12}

dwellings:
  file: households.csv
  facts:
    electricity: light

registers:
  vehicles:
    file: vehicles.csv
    person_key: {column: owner, as: pseudonym}
    facts:
      vehicle_kind: {column: kind, recode: {Car: car, Tractor: tractor}}
      vehicle_value: {column: worth, unit: XTS}
    coverage:
      - {areas: [v1, v2], since: 2016-01-01}
"""


@dataclass
class Invented:
    """Files in a folder; change a text before importing."""

    folder: Path
    texts: dict[str, str] = field(
        default_factory=lambda: {
            "areas.csv": AREAS,
            "households.csv": HOUSEHOLDS,
            "members.csv": MEMBERS,
            "vehicles.csv": VEHICLES,
        }
    )
    mapping: str = MAPPING

    def replace(self, file: str, old: str, new: str) -> Invented:
        """Change a text; it must stand there."""
        text = self.mapping if file == "mapping" else self.texts[file]
        assert old in text
        if file == "mapping":
            self.mapping = text.replace(old, new)
        else:
            self.texts[file] = text.replace(old, new)
        return self

    def write(self) -> list[Path]:
        """Write the sources and the mapping."""
        sources = self.folder / "sources"
        sources.mkdir(exist_ok=True)
        for name, text in self.texts.items():
            (sources / name).write_text(text, encoding="utf-8")
        (sources / "mapping.yaml").write_text(self.mapping, encoding="utf-8")
        return [sources / name for name in self.texts]

    def run(self, *, files: list[Path] | None = None, **options: Any) -> Imported:
        """Import into the folder `register`."""
        written = self.write()
        return import_snapshot(
            files=files or written,
            mapping=self.folder / "sources" / "mapping.yaml",
            out=self.folder / "out" / "register",
            known_at=KNOWN_AT,
            **{"key": KEY} | options,
        )

    def left(self) -> list[str]:
        """What lies where the snapshot was to be."""
        out = self.folder / "out"
        return sorted(path.name for path in out.iterdir()) if out.exists() else []
