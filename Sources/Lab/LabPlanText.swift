internal import Addressing

/// A plan as lines, each a keyword and its values, for the keeper and the state file:
///
///     node web-1 host
///     address 10.20.1.11
///     virtual 10.20.1.100 shop
///     forwards
///     route 10.20.3.11 10.20.0.1
///     end
///
/// Names are checked before they get here, so that no value holds a space.
extension LabPlan {
  var text: String {
    var lines: [String] = []
    for node in nodes {
      lines.append("node \(node.name) \(node.kind.rawValue)")
      lines += node.addresses.map { "address \($0)" }
      lines += node.carried.map { "virtual \($0.address) \($0.name)" }
      if node.forwards { lines.append("forwards") }
      lines += node.routes.map { "route \($0.destination) \($0.gateway)" }
    }
    lines.append("end")
    return lines.joined(separator: "\n") + "\n"
  }

  /// Reads what ``text`` wrote; `nil` for anything else.
  init?(parsing lines: some Sequence<Substring>) {
    var nodes: [LabNode] = []
    var name: String?
    var kind = LabNode.Kind.host
    var addresses: [Address] = []
    var carried: [LabVirtual] = []
    var forwards = false
    var routes: [LabRoute] = []
    func finish() -> Bool {
      guard let name else { return true }
      guard !addresses.isEmpty else { return false }
      nodes.append(
        LabNode(
          name: name, kind: kind, addresses: addresses, carried: carried, forwards: forwards, routes: routes))
      (addresses, carried, forwards, routes) = ([], [], false, [])
      return true
    }
    for line in lines {
      let words = line.split(separator: " ")
      switch (words.first, words.count) {
      case ("node", 3):
        guard finish(), let known = LabNode.Kind(rawValue: String(words[2])),
          LabNode.isUsableName(words[1])
        else { return nil }
        (name, kind) = (String(words[1]), known)
      case ("address", 2):
        guard let address = try? Address(parsing: words[1]) else { return nil }
        addresses.append(address)
      case ("virtual", 3):
        guard let address = try? Address(parsing: words[1]), LabNode.isUsableName(words[2]) else {
          return nil
        }
        carried.append(LabVirtual(address, String(words[2])))
      case ("forwards", 1):
        forwards = true
      case ("route", 3):
        guard let destination = try? Address(parsing: words[1]),
          let gateway = try? Address(parsing: words[2])
        else { return nil }
        routes.append(LabRoute(to: destination, via: gateway))
      case ("end", 1):
        guard finish() else { return nil }
        self.init(nodes: nodes)
        return
      default:
        return nil
      }
    }
    return nil
  }
}

extension LabNode {
  /// Whether ip-netns(8) takes it as a name and neither a file system, nor a batch of ip(8), nor an option
  /// parser reads anything else into it.
  static func isUsableName(_ name: some StringProtocol) -> Bool {
    !name.isEmpty && name.utf8.count <= 200 && name != "." && name != ".." && name.first != "-"
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }
}
