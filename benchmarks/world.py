"""How long does an invented country take? `python -m benchmarks.world` founds one, lets it live and looks at it."""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
import time
from datetime import date
from pathlib import Path

from benchmarks.register import BUILD_FOLDER
from tuopin.policy import read_pack
from tuopin.policy.columns import declared_columns
from tuopin.policy.pack import Pack
from tuopin.simulation import World, found
from tuopin.sweep.campaign import calibration_of
from tuopin.tables import CurrencyEntry, Heading


def heading_of(pack: Pack, year: int) -> Heading:
    """The heading of a snapshot of the invented country."""
    return Heading(
        name="invented",
        kind="register",
        country=pack.about.country.code,
        pack=pack.name,
        as_of=date(year, 12, 31),
        known_at=date(year + 1, 1, 31),
        currency=CurrencyEntry(code=pack.currency.code, exponent=pack.currency.exponent),
        tiers=pack.tiers,
        source="Invented by tuopin.simulation",
    )


def main() -> int:
    """Found a country, let it live, look at it every year, and print what each step took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--years", type=int, default=1, help="how many; 1 is the founding alone")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--build", type=Path, default=BUILD_FOLDER / "world")
    given = parser.parse_args()
    pack = read_pack("china")
    columns = declared_columns(pack, pack.currency)
    shutil.rmtree(given.build, ignore_errors=True)
    begun = time.perf_counter()
    world = found(
        calibration=calibration_of(pack),
        seed=given.seed,
        households=given.households,
        folder=given.build / "truth",
        workers=given.workers,
    )
    with world:
        _say("founded", world, begun)
        for year in range(world.year, world.year + given.years):
            if year > world.year:
                world = world.live()
                _say("lived", world, begun)
            snapshot = world.observe(columns=columns, heading=heading_of(pack, year), target=given.build / str(year))
            _say("observed", world, begun)
            print(snapshot.manifest.content_hash)
    _say("closed", world, begun)
    return 0


def _say(what: str, world: World, begun: float) -> None:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(each.ru_utime + each.ru_stime for each in used)
    peak = " and ".join(f"{each.ru_maxrss / 1024:.0f}" for each in used)
    wall = time.perf_counter() - begun
    print(
        f"{world.year} {what:9} {wall:7.1f} s {cpu:7.1f} CPU s {peak} MiB {world.counts()}", file=sys.stderr, flush=True
    )


if __name__ == "__main__":
    sys.exit(main())
