/// What shells of hosts read when the program is copied there. All that is in the scripts is ours: paths, digests and units.
enum InstallScript {
  /// What lines of ours begin with: a shell that reads files of its own ahead of a script may write others.
  static let mark = "sekisho-install "

  private static let say = "say() { printf '\(mark)%s\\n' \"$*\"; }"

  /// Asks what is there, and changes nothing. A host is known by its addresses: what the kernel tells of them needs no program
  /// that may be missing, and of a table with a million routes only those lines come back that are addresses of its own.
  static func look(_ paths: [String]) -> [UInt8] {
    Array(
      """
      set -u
      \(say)
      say node "$(uname -n)"
      while read -r one two three rest; do
        case "$one $two" in
          '|-- '*) at=$two ;;
          '/32 host') test "$three" != LOCAL || say ipv4 "$at" ;;
        esac
      done </proc/net/fib_trie
      test ! -r /proc/net/if_inet6 || while read -r at rest; do say ipv6 "$at"; done </proc/net/if_inet6
      say uid "$(id -u)"
      say machine "$(uname -m)"
      for path in /usr/bin/sekisho \(Installation.program); do
        owner=$({ dpkg -S "$path" || rpm -qf "$path"; } 2>/dev/null) && say owner "$owner"
      done
      say found "$(command -v sekisho)"
      for path in \(paths.joined(separator: " ")); do
        if test -f "$path"; then say file "$path" "$(sha256sum <"$path" | cut -c -64)"; fi
      done
      say end
      exit 0

      """.utf8)
  }

  /// Where the program is until it has its name.
  static func arrival(_ program: InstalledFile) -> String {
    "/usr/local/bin/.sekisho.\(program.digest.prefix(16))"
  }

  /// Gives the program its name, and writes the others. Each is on disk ahead of its name, and whoever looks for one sees the old
  /// or the new, whole. A script that is cut off does less: the last command alone says that all is done.
  static func place(_ files: [InstalledFile], showing paths: [String]) -> [UInt8] {
    let beginning = """
      set -u
      umask 022
      \(say)
      new=
      fail() {
        say fail "$*"
        test -z "$new" || rm -f "$new"
        exit 0
      }
      check() {
        test "$(sha256sum <"$new" | cut -c -64)" = "$1" || fail "it did not arrive as it was sent"
      }
      place() {
        test ! -d "$1" || fail "$1 is a directory"
        sync "$new" && mv -f "$new" "$1" && sync "${1%/*}" || fail "$1 cannot be written"
        new=
      }

      """
    let ending = """
      if test -d /run/systemd/system; then
        systemctl --system daemon-reload </dev/null
        systemctl try-restart sekisho-watch.service </dev/null
      fi
      for path in \(paths.joined(separator: " ")); do
        say file "$path" "$(sha256sum <"$path" | cut -c -64)"
      done
      say found "$(command -v sekisho)"
      say end
      exit 0

      """
    return Array((beginning + files.map(commands).joined() + ending).utf8)
  }

  private static func commands(_ file: InstalledFile) -> String {
    guard !file.isProgram else {
      return """
        new=\(arrival(file))
        check \(file.digest)
        chmod 755 "$new" || fail "$new cannot be written"
        said=$("$new" --version 2>&1 </dev/null) || fail "it does not run there: $(echo "$said" | tr '\\n' ' ')"
        place \(file.path)

        """
    }
    return """
      mkdir -p "\(file.directory)"
      new=\(file.directory)/.sekisho.new
      cat >"$new" <<'END'
      \(String(decoding: file.bytes, as: UTF8.self))END
      check \(file.digest)
      chmod 644 "$new"
      place \(file.path)

      """
  }
}
