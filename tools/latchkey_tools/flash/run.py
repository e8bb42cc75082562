"""`latchkey flash` from start to exit code: 0 done, 1 failed, 2 cannot start."""

import argparse
from pathlib import Path

from latchkey_tools.flash.progress import Progress
from latchkey_tools.phone.ending import carried_out
from latchkey_tools.phone.output import Output


def main(chosen: argparse.Namespace) -> int:
    """chosen: as latchkey_tools.flash.arguments has it."""
    output = Output("flash", chosen.json, "latchkey flash")
    return carried_out(output, lambda: _do(chosen, output), "run `make setup`")


def _do(chosen: argparse.Namespace, output: Output) -> None:
    # Loading takes half a second, and whatever is missing is missed here.
    from latchkey_tools.flash import application, boards, ports, steps

    progress = Progress()
    board = boards.board(chosen.board)
    made = None
    if not chosen.image_only:
        made = application.compiled(board, Path(chosen.firmware) if chosen.firmware else None)
    image = None if chosen.files_only else steps.image_for(board, chosen.image, chosen.micropython, progress)
    port = ports.chosen(chosen.port)
    ports.probe(port)
    chip = steps.micropython(board, image, port, progress, chosen.slow) if image else ""
    if made is None:
        output.result(
            f"{board.name} at {port}: {image.called if image else ''} is written.", board=board.name, port=port
        )
        return
    installer, cable = steps.files(made, port, progress, image is not None)
    facts = {
        "board": board.name,
        "port": port,
        "chip": chip,
        "image": image.called if image else "",
        "application": made.folder,
        "sent": installer.written,
        "copied": installer.copied,
    }
    said = f"{board.name} at {port}: {_files(installer.written, installer.copied)}"
    with cable:
        if chosen.no_start:
            output.result(f"{said}, and it starts.", **facts)
            return
        status = steps.first_status(cable, progress)
    claimed = bool(status.get("claimed"))
    next_step = "It has its keys as before." if claimed else f"Now set it up: `latchkey provision --port {port}`."
    output.result(f"{said}, and the controller reports. {next_step}", claimed=claimed, **facts)


def _files(written: int, copied: int) -> str:
    if not written and not copied:
        return "everything was there already"
    kept = f" ({copied} it had already)" if copied else ""
    return f"{written} file{'' if written == 1 else 's'} sent{kept}"
