import Diagnostics
internal import Policy

/// A transport with its place.
struct TransportDraft {
  let text: TransportText
  let node: NodeID
}

extension InventoryLoader {
  mutating func readTransport(_ node: NodeID) -> TransportDraft? {
    guard let text = text(node, "transport", ifEmpty: "write one such as `ssh -J bastion {host} sudo -n`")
    else { return nil }
    do {
      return TransportDraft(text: try TransportText(text), node: node)
    } catch {
      let (place, length) = place(in: node, error.offset, error.length)
      log.add(Diagnostic(.error, at: place, length: length, message: error.message, help: error.help))
      return nil
    }
  }
}

extension PolicyBuilder {
  /// The ways to hosts, by ``HostID``: a host's own goes ahead of that of its groups, and groups must not differ.
  ///
  /// - Returns: for each host the words of its transport; `nil`: ssh.
  mutating func resolveTransports() -> [[String]?] {
    var given = [(text: TransportText, group: Int?)?](repeating: nil, count: hosts.count)
    for (id, draft) in hosts.enumerated() {
      given[id] = loader.draft.hosts[draft].body.transport.map { ($0.text, nil) }
    }
    // Two groups that differ are one mistake, however many hosts they share.
    var reported: Set<[Int]> = []
    for (index, group) in loader.draft.groups.enumerated() {
      guard let transport = group.transport, let selection = self.group(index) else { continue }
      guard selection.kinds == [.hosts] else {
        loader.error(
          transport.node, "the group \(quoted(group.name)) has a transport, and holds more than hosts",
          help: "give the transport to a group of hosts alone")
        continue
      }
      for id in selection.hosts.members.map(\.index) {
        guard let (text, first) = given[id] else {
          given[id] = (transport.text, index)
          continue
        }
        guard let first, text != transport.text, reported.insert([first, index]).inserted else { continue }
        let other = loader.draft.groups[first]
        let name = SafeText.quoted(name(HostID(id)))
        loader.error(
          transport.node,
          "the groups \(quoted(other.name)) and \(quoted(group.name)) give the host \(name) different transports",
          help: "give the host one of its own, or take it out of one of the groups",
          related: other.transport.map { [loader.related($0.node, "the other one")] } ?? [])
      }
    }
    return given.enumerated().map { id, given in
      given.map { $0.text.words(for: loader.draft.hosts[hosts[id]].ssh ?? name(HostID(id))) }
    }
  }
}
