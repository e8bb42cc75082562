"""Which of the compiled modules a board needs: its chip's, its readers' buses', and what it has a radio for.

Left out is only what would never be imported there; what main imports in any case stays.
"""

from pathlib import Path
from types import SimpleNamespace

from latchkey_tools.build import shipped

TARGETS = {"esp32": "mpy-xtensawin", "esp32s3": "mpy-xtensawin", "esp32c3": "mpy-rv32imc"}
_NETWORK = ("net_", "links_cloud", "protocol_mqtt", "protocol_dns", "chip_esp32_network")
_ALWAYS = ("links_cloud_start",)


def wanted(module: str, board: SimpleNamespace) -> bool:
    """module: as it is called once compiled, chip_esp32_marks, say."""
    if module in _ALWAYS:
        return True
    if module == "boot":  # goes to the root, as source
        return False
    if module.startswith("chip_") and module != f"chip_{board.CHIP}" and not module.startswith(f"chip_{board.CHIP}_"):
        return False
    if module.startswith(_NETWORK):
        return bool(board.WIFI)
    buses = {port.rpartition(":")[0] for port, *_ in board.READERS}
    if module in ("drivers_pn532_spi", "drivers_pn532_i2c"):
        return module.rpartition("_")[2] in buses
    if module in ("drivers_pn532_packet", "chip_esp32_buses"):
        return bool(buses & {"spi", "i2c"})
    return module != "chip_esp32_storage" or board.WAKE is not None


def files(board: SimpleNamespace, build: Path = shipped.BUILD) -> list[Path]:
    """Of the set that has been compiled for its processor. Raises FileNotFoundError where none has."""
    folder = build / TARGETS[board.MCU]
    if not folder.is_dir():
        raise FileNotFoundError(folder)
    return [path for path in sorted(folder.glob("*.mpy")) if wanted(path.stem, board)]
