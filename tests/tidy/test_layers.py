#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/check-layers goes red for each kind of arrow that points up."""

import control

CLEAN = {
    "include/base/a.h": "#pragma once\n#include <stdint.h>\n",
    "include/core/b.h": '#include "base/a.h"\n',
    "include/codec/c.h": '#include "core/b.h"\n',
    "include/io/d.h": '#include "base/a.h"\n',
    "include/store/e.h": '#include "core/b.h"\n#include "io/d.h"\n',
    "src/base/a.c": '#include "base/a.h"\n#include <string.h>\n',
    "src/core/b.c": '#include "core/b.h"\n#include "own.h"\n',
    "src/core/own.h": "",
    "src/codec/c.c": '#include "codec/c.h"\n#include <jansson.h>\n#include <openssl/evp.h>\n',
    "src/codec/meson.build": "dependencies: [dep_core, dep_jansson, dep_zlib]\n",
    "src/io/d.c": '#include <event2/event.h>\n#include <hiredis/read.h>\n#include <unistd.h>\n',
    "src/store/e.c": '#include "store/e.h"\n#include "codec/c.h"\n',
    "include/program/p.h": '#include "store/e.h"\n',
    "src/program/p.c": '#include "program/p.h"\n#include <signal.h>\n',
    "src/cli/main.c": '#include "store/e.h"\n#include "codec/c.h"\n#include <sys/wait.h>\n',
}

UP = [
    ("base uses core", "src/base/a.c", '#include "core/b.h"', "base may not use core"),
    ("core uses codec", "src/core/b.c", '#include "codec/c.h"', "core may not use codec"),
    ("core uses io in its header", "include/core/b.h", '#include "io/d.h"', "core may not use io"),
    ("codec uses io", "src/codec/c.c", '#include "io/d.h"', "codec may not use io"),
    ("codec uses store", "src/codec/c.c", '#include "store/e.h"', "codec may not use store"),
    ("io uses core", "src/io/d.c", '#include "core/b.h"', "io may not use core"),
    ("io uses codec", "src/io/d.c", ' #  include "codec/c.h"', "io may not use codec"),
    ("store uses a program", "src/store/e.c", '#include "cli/x.h"', "store may not use cli"),
    ("store uses what programs share", "src/store/e.c", '#include "program/p.h"',
     "store may not use program"),
    ("what programs share uses one of them", "src/program/p.c", '#include "cli/x.h"',
     "program may not use cli"),
    ("jansson in core", "src/core/b.c", "#include <jansson.h>", "at home in codec"),
    ("zlib in store", "src/store/e.c", "#include <zlib.h>", "at home in codec"),
    ("libcrypto in io", "src/io/d.c", "#include <openssl/hmac.h>", "at home in codec"),
    ("libinih in a program", "src/cli/main.c", "#include <ini.h>", "at home in codec"),
    ("libevent in store", "src/store/e.c", "#include <event2/event.h>", "at home in io"),
    ("hiredis in store", "src/store/e.c", "#include <hiredis/hiredis.h>", "at home in io"),
    ("libcurl in a program", "src/cli/main.c", "#include <curl/curl.h>", "at home in io"),
    ("a library shown by its home", "include/io/d.h", "#include <event2/event.h>", "outside src/io"),
    ("core reaches for sockets", "src/core/b.c", "#include <sys/socket.h>", "reaches out"),
    ("codec reaches for files", "src/codec/c.c", "#include <fcntl.h>", "reaches out"),
    ("a library without a home", "src/io/d.c", "#include <uv.h>", "no home room"),
    ("a path out of the room", "src/core/b.c", '#include "../io/d.h"', "climbs out"),
    ("a path from the top", "src/core/b.c", '#include "src/io/d.h"', "names no room"),
    ("another room's private header", "src/io/d.c", '#include "own.h"', "not beside"),
    ("a macro in place of a name", "src/core/b.c", "#define H <time.h>\n#include H", "macro"),
    ("io links core", "src/io/meson.build", "dependencies: [dep_core]", "may not link core"),
    ("core links jansson", "src/core/meson.build", "dependencies: [dep_jansson]", "at home in codec"),
    ("a room that nobody knows", "src/attic/x.c", "", "src/attic: no such room"),
    ("a file in no room", "src/x.c", "", "stands in no room"),
]

if __name__ == "__main__":
    control.main(
        control.tree_cases(
            "check-layers",
            CLEAN,
            [
                (name, {path: CLEAN.get(path, "") + line + "\n"}, [path.rsplit("/", 1)[0], part])
                for name, path, line, part in UP
            ],
        )
    )
