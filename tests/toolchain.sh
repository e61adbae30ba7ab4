# Sourced by try.sh and all.sh: installs what a check needs and this machine lacks.
#
#   need_toolchain [--yes]
#
# Says what it will do before it does it; --yes goes on without asking.

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "error: $1"
  [ $# -lt 2 ] || say "hint: $2"
  exit 2
}

have() { command -v "$1" >/dev/null 2>&1; }

# Dialyzer is a package of its own on some systems.
have_dialyzer() {
  have erl && erl -noshell -eval 'halt(case code:which(dialyzer) of non_existing -> 1; _ -> 0 end).' >/dev/null 2>&1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    fail "installing packages needs root, and there is no \`sudo\`" "run as root: $*"
  fi
}

# Goes on with --yes, or when somebody on a terminal says so.
agreed() {
  [ "${1:-}" != --yes ] || return 0
  [ -t 0 ] || fail "not installed, and there is no terminal to ask on" "give --yes to go on without asking"
  printf 'Go on? [y/N] ' >&2
  read -r answer || return 1
  case "$answer" in y | Y | yes) return 0 ;; *) return 1 ;; esac
}

# Installs with the system's package manager: $1 is --yes or nothing, the rest is for Debian | Homebrew.
install_packages() {
  if have apt-get; then
    say "Missing:$missing. This will be run:"
    say "  apt-get update"
    say "  apt-get install$debian"
    agreed "$1" || fail "not installed"
    as_root apt-get update >&2
    # shellcheck disable=SC2086 # several packages
    DEBIAN_FRONTEND=noninteractive as_root apt-get install --yes --no-install-recommends $debian >&2
  elif have brew; then
    say "Missing:$missing. This will be run:"
    say "  brew install$homebrew"
    agreed "$1" || fail "not installed"
    # shellcheck disable=SC2086
    brew install $homebrew >&2
  else
    fail "missing:$missing, and neither \`apt-get\` nor \`brew\` is here to install it" \
      "install Elixir 1.14 or newer and OTP's Dialyzer, see https://elixir-lang.org/install.html"
  fi
}

need_toolchain() {
  missing='' debian='' homebrew=''
  have cargo || fail "there is no \`cargo\`" "install Rust, see https://www.rust-lang.org/tools/install"
  have cc || { missing="$missing a C compiler,"; debian="$debian gcc libc6-dev"; }
  have elixir || { missing="$missing Elixir,"; debian="$debian elixir erlang-dev"; homebrew="$homebrew elixir"; }
  have_dialyzer || { missing="$missing Dialyzer,"; debian="$debian erlang-dialyzer"; homebrew="$homebrew erlang"; }
  if [ -n "$missing" ]; then
    missing=${missing%,}
    install_packages "${1:-}"
    have elixir || fail "Elixir is still missing after the installation"
    have_dialyzer || fail "Dialyzer is still missing after the installation"
  fi
  say "Found: $(elixir --version 2>/dev/null | tail -n 1)"
}
