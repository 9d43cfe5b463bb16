package import AgentProtocol

/// Services that take Sekisho's table away with all others, or by its name.
///
/// What restores rules of iptables, ufw and firewalld take away tables of their own alone.
package enum FlushingServices {
  /// Those that something enables, by name. Whether they run is not looked at.
  ///
  /// - Parameter root: of the file system, without a slash at its end.
  package static func found(below root: String) -> [FlushingService] {
    let units = Units(root: root)
    let enabled = units.enabled
    let boot = enabled.contains(ownUnit) ? units.unit(ownUnit) : nil
    return enabled.compactMap { name in
      guard name.hasSuffix(".service"), name != ownUnit, let unit = units.unit(name) else { return nil }
      var moments: [FlushingService.Moment] = []
      var first: String?
      for (moment, settings) in commands {
        guard
          let command = settings.lazy.flatMap({ unit.commands[$0] ?? [] }).first(where: { flushes($0, units) }
          )
        else { continue }
        first = first ?? command
        moments.append(moment)
        guard moment == .start, let boot else { continue }
        // What is flushed ahead of what a boot loads takes nothing away then.
        let isAhead = boot.after.contains(name) || unit.before.contains(ownUnit)
        if !isAhead { moments.append(.boot) }
      }
      return first.map { FlushingService(unit: name, moments: moments, command: $0) }
    }
  }

  private static let ownUnit = "sekisho-boot.service"

  private static let commands: [(FlushingService.Moment, [String])] = [
    (.start, ["ExecStartPre", "ExecStart", "ExecStartPost"]), (.reload, ["ExecReload"]),
    (.stop, ["ExecStop", "ExecStopPost"]),
  ]

  /// Whether a command line of a unit does it: by itself, by a file that it gives to nft, or as a script.
  private static func flushes(_ line: String, _ units: Units) -> Bool {
    let command = String(line.drop { "@-:+!".contains($0) })
    if NftScript.flushes(command) { return true }
    let words = command.split(whereSeparator: { $0.isWhitespace || $0 == "\"" || $0 == "'" }).map(String.init)
    guard let program = words.first else { return false }
    if let script = units.text(program), script.hasPrefix("#!") { return NftScript.flushes(script) }
    guard let nft = words.firstIndex(where: { $0.split(separator: "/").last == "nft" }) else { return false }
    return words[nft...].indices.contains { index in
      guard let file = file(words[index]) else { return false }
      let path = file.isEmpty ? index + 1 < words.count ? words[index + 1] : "" : file
      return units.text(path).map { NftScript.flushes($0) } ?? false
    }
  }

  /// The file that an option gives to nft (getopt_long(3)): `-f`, `-ef`, `-fFILE`, `--file=FILE`; empty: the next word is it.
  private static func file(_ option: String) -> String? {
    if option.hasPrefix("--") {
      let parts = option.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return parts[0] == "file" ? parts.count == 2 ? String(parts[1]) : "" : nil
    }
    guard option.hasPrefix("-") else { return nil }
    // What is behind these is theirs: -f FILE, -I DIRECTORY, -D NAME=VALUE, -d LEVEL.
    guard let place = option.firstIndex(where: { "fIDd".contains($0) }), option[place] == "f" else {
      return nil
    }
    return String(option[option.index(after: place)...])
  }
}
