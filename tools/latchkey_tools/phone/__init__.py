"""A phone key on this computer: `latchkey phone`.

    arguments   what may be typed                place      the real air, or a simulator's
    run         from start to exit code          desk       what every command has at hand
    commands    unlock, lock, …, scan            watching   status
    keys        keys, remove                     pairing    becoming a key
    every_key   keys --all, suspend, admit, guest, time
    vehicle     asks over a link, once more where that broke off
    link        a connection on bleak            frame      messages out of chunks
    exchange    one request up to its answer     session    what this phone and the vehicle agree on
    request     what can be asked                seal       shared key, metadata, tags
    keyring     key files                        words      what refusals mean and what to do

Session and exchange have no I/O: messages go in and come out. Protocol: protocol.md of teslamotors/vehicle-command; its
protocol buffers are those of PyPI's tesla_fleet_api.
"""
