internal import Addressing

/// What people write for protocols and ports in the words of other tools.
extension ServiceTermText {
  /// The terms that such a text means, as they are written here: `tcp/80,443`, `53/udp, 53/tcp`, `tcp,udp/53`,
  /// `53/tcp+udp`, `80 tcp`.
  ///
  /// - Returns: `nil` for a text that means none for certain; else at least one, each of which is good.
  static func meant(_ text: String) -> [String]? {
    var words = Words()
    for part in text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "," || $0 == ";" }) {
      guard words.take(part.lowercased()) else { return nil }
    }
    return words.terms
  }

  private struct Words {
    private var found: [String] = []
    /// Of the last part that had them, for a part that has the other half alone.
    private var protocols: [String] = []
    private var ports: [String] = []
    /// Parts whose other half comes later.
    private var waiting: (protocols: [String], ports: [String]) = ([], [])

    /// - Returns: whether the part is protocols, ports or both.
    mutating func take(_ part: String) -> Bool {
      let words = part.split { "/+|& \n".contains($0) }.map(String.init)
      let whole = words.joined(separator: "/")
      if words.count == 1 || part.contains("/"), (try? ServiceTermText.terms(whole)) != nil,
        !words.contains(where: Self.isPorts)
      {
        found.append(whole)
        return waiting.protocols.isEmpty && waiting.ports.isEmpty
      }
      let own = (protocols: words.filter(Self.isProtocol), ports: words.filter(Self.isPorts))
      guard !words.isEmpty, own.protocols.count + own.ports.count == words.count else { return false }
      switch (own.protocols.isEmpty, own.ports.isEmpty) {
      case (false, true) where waiting.ports.isEmpty: waiting.protocols += own.protocols
      case (true, false) where waiting.protocols.isEmpty && protocols.isEmpty: waiting.ports += own.ports
      default:
        if !own.protocols.isEmpty || !waiting.protocols.isEmpty {
          protocols = waiting.protocols + own.protocols
        }
        ports = waiting.ports + own.ports
        waiting = ([], [])
        found += protocols.flatMap { name in ports.map { "\(name)/\($0)" } }
      }
      return true
    }

    /// All of them, each once.
    var terms: [String]? {
      guard waiting.ports.isEmpty else { return nil }
      let all = found + waiting.protocols.flatMap { name in ports.map { "\(name)/\($0)" } }
      guard waiting.protocols.isEmpty || !ports.isEmpty, !all.isEmpty,
        all.allSatisfy({ (try? ServiceTermText.terms($0)) != nil })
      else { return nil }
      var seen: Set<String> = []
      return all.filter { seen.insert($0).inserted }
    }

    private static func isPorts(_ word: String) -> Bool {
      (try? ServiceTermText.ports(word)) != nil
    }

    private static func isProtocol(_ word: String) -> Bool {
      ServiceTermText.needsPorts(word)
    }
  }
}
