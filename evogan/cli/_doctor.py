"""``evogan doctor``."""

from __future__ import annotations

import argparse
import os
import platform
import shutil


def doctor_command(options: argparse.Namespace) -> int:
    """Print what a bug report needs."""
    import torch
    from pymoo.functions import is_compiled

    from evogan.experiments._folder import versions

    for name, version in versions().items():
        print(f"{name:<22}{version}")
    print(f"{'platform':<22}{platform.platform()}")
    print(f"{'CPU cores':<22}{os.cpu_count()}")
    print(f"{'torch threads':<22}{torch.get_num_threads()}")
    devices = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    print(f"{'CUDA devices':<22}{', '.join(devices) or 'none'}")
    print(f"{'pymoo compiled':<22}{'yes' if is_compiled() else 'no: slower sorting, same results'}")
    print(f"{'C compiler':<22}{shutil.which('cc') or 'none'}")
    return 0
