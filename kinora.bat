@echo off
rem Starts Kinora: kinora opens the window, kinora --help lists the commands, kinora test runs the tests.
rem The first start makes a private Python environment; later ones are offline and run no pip.
rem   KINORA_ENV     the folder of that environment (default: .venv here, or in your data folder)
rem   KINORA_PYTHON  the Python that makes it (default: the newest of 3.11 to 3.14 that is found)
rem No brackets around blocks below: a folder such as "Program Files (x86)" would end them.
setlocal EnableExtensions DisableDelayedExpansion
set "ROOT=%~dp0"
set "ROOT=%ROOT:~0,-1%"
set "PYTHONPATH=%ROOT%"
set "PYTHONHOME="
set "PYTHONUTF8=1"

set "ENV=%KINORA_ENV%"
if defined ENV goto have_env
set "ENV=%ROOT%\.venv"
if exist "%ENV%\requirements.lock" goto have_env
mkdir "%ROOT%\.venv.probe" 2>nul
if not exist "%ROOT%\.venv.probe" set "ENV=%LOCALAPPDATA%\kinora\env"
rmdir "%ROOT%\.venv.probe" 2>nul
:have_env
for %%I in ("%ENV%") do set "ENV=%%~fI"

set "DEV="
set "LOCK=requirements.lock"
if /i "%~1"=="test" set "DEV=-dev"
if /i "%~1"=="test" set "LOCK=requirements-dev.lock"
if not exist "%ENV%\Scripts\python.exe" goto install
fc /b "%ROOT%\requirements.lock" "%ENV%\requirements.lock" >nul 2>nul
if errorlevel 1 goto install
fc /b "%ROOT%\%LOCK%" "%ENV%\%LOCK%" >nul 2>nul
if errorlevel 1 goto install
goto run

:install
set "CHECK=import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))"
set "PYTHON="
if defined KINORA_PYTHON call :try "%KINORA_PYTHON%"
if defined KINORA_PYTHON goto found_python
call :try python
for %%V in (3.11 3.12 3.13 3.14) do call :try py -%%V
:found_python
if defined PYTHON goto make
echo kinora: no Python from 3.11 to 3.14 was found: install one from python.org, 64-bit, or set KINORA_PYTHON to its path. 1>&2
if "%~1"=="" pause
exit /b 1
:make
if /i "%~1"=="plan" goto plan
if /i "%~1"=="--version" goto plan
%PYTHON% "%ROOT%\installer\environment.py" "%ROOT%" "%ENV%" %DEV%
if not errorlevel 1 goto run
if "%~1"=="" pause
exit /b 1

rem -P: a folder called inference or torch in the current folder is not the program's.
:run
if "%~1"=="" goto window
if /i "%~1"=="test" goto test
"%ENV%\Scripts\python.exe" -P -m inference %*
exit /b %ERRORLEVEL%

rem A plan is plain arithmetic, and a version a word: any Python tells them, and nothing is installed for it.
:plan
%PYTHON% -P -m inference.api %*
exit /b %ERRORLEVEL%

:window
if not exist "%ROOT%\app\__main__.py" goto usage
start "" "%ENV%\Scripts\pythonw.exe" -P -m app
exit /b 0
:usage
"%ENV%\Scripts\python.exe" -P -m inference --help
exit /b %ERRORLEVEL%

:test
set "ARGUMENTS="
:next_argument
shift
if "%~1"=="" goto run_tests
set ARGUMENTS=%ARGUMENTS% %1
goto next_argument
:run_tests
cd /d "%ROOT%"
"%ENV%\Scripts\python.exe" -P -m pytest %ARGUMENTS%
exit /b %ERRORLEVEL%

:try
%* -c "%CHECK%" >nul 2>nul
if not errorlevel 1 set PYTHON=%*
exit /b 0
