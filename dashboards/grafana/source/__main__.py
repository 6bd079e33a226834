"""Write the dashboards' JSON beside this package; with --check, only say which files are not as they would be written."""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.grafana.source.agent import agent
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.health import health
from dashboards.grafana.source.overview import overview
from dashboards.grafana.source.queue import queue
from dashboards.grafana.source.words import Language

DIRECTORY = Path(__file__).resolve().parent.parent
DASHBOARDS = (overview, queue, agent, health)


def rendered() -> dict[Path, str]:
    """The text of every file, by its path below dashboards/grafana."""
    files = {}
    for language in Language:
        for make in DASHBOARDS:
            board: Board = make(language)
            text = json.dumps(board.built(), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False)
            files[Path(language) / f"{board.name}.json"] = text + "\n"
    return files


def drifted(directory: Path = DIRECTORY) -> list[Path]:
    """Files that are missing, differ, or that no source makes."""
    files = rendered()
    written = {
        path.relative_to(directory) for language in Language for path in (directory / language).glob("*")
    }
    differ = {
        path for path in files if path not in written or (directory / path).read_text("utf-8") != files[path]
    }
    return sorted(differ | (written - files.keys()))


def main(arguments: list[str], directory: Path = DIRECTORY) -> int:
    """The command; 1 if --check finds something."""
    if arguments == ["--check"]:
        drift = drifted(directory)
        for path in drift:
            sys.stderr.write(f"dashboards/grafana/{path}: not as its source says; run `make dashboards`\n")
        return 1 if drift else 0
    if arguments:
        sys.stderr.write("usage: python -m dashboards.grafana.source [--check]\n")
        return 2
    for path, text in rendered().items():
        (directory / path).parent.mkdir(exist_ok=True)
        (directory / path).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
