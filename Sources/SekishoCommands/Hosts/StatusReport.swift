internal import Enforcement

/// What one host said of itself.
struct HostState {
  let host: String
  let status: Result<HostStatus, any Error>
  /// Objects that differ from what the host should have; `nil`: nothing says what that is.
  let differing: Int?

  var isFailure: Bool { if case .failure = status { true } else { false } }
}

/// States of hosts as text and JSON.
struct StatusReport {
  let console: Console

  func write(_ states: [HostState]) throws {
    for state in states {
      switch state.status {
      case .failure(let error): console.error("\(state.host): \(error)")
      case .success(let status): try write(state, status)
      }
    }
  }

  private func write(_ state: HostState, _ status: HostStatus) throws {
    let name = console.styled(state.host, .bold)
    guard let table = status.table else {
      try console.line("\(name): \(console.styled("no table, nothing is enforced", .closes))")
      return try writeForeign(status)
    }
    let against =
      switch state.differing {
      case nil: ""
      case 0: "\(console.styled("as it should be", .opens)), "
      case let count?:
        console.styled("differs in \(counted(count, "object"))", .changes)
          + " (sekisho diff shows them), "
      }
    try console.line("\(name): \(against)generation \(status.generation)")
    if table.isOwned { try console.line("  the table belongs to a running program and goes with it") }
    if table.isDormant { try console.line("  the table is switched off (dormant): nothing is enforced") }
    for direction in table.directions {
      let hook = direction.hook + String(repeating: " ", count: 7 - direction.hook.count)
      let mode = direction.mode.rawValue + String(repeating: " ", count: 7 - direction.mode.rawValue.count)
      let denied = direction.mode == .observe ? "would be denied" : "denied"
      try console.line(
        "  \(hook)  \(console.styled(mode, direction.mode == .enforce ? .opens : .changes))  "
          + "\(counted(direction.packets, "packet")) \(denied), "
          + "\(counted(direction.records, "peer and port", "peers and ports")) recorded")
    }
    try console.line(
      console.styled(
        "  \(counted(table.chains, "chain")), \(counted(table.rules, "rule")), "
          + "\(counted(table.sets, "set")), \(counted(table.elements, "element"))", .faint))
    try writeForeign(status)
  }

  private func writeForeign(_ status: HostStatus) throws {
    let tables = Set(status.foreignChains.map(\.table)).sorted()
    if !tables.isEmpty { try console.line("  other tables filter too: \(tables.joined(separator: ", "))") }
  }

  // MARK: - JSON

  private struct File: Encodable {
    struct Host: Encodable {
      let host: String
      /// `same`, `differs`, `installed` (nothing to compare with), `none` (no table) or `failed`.
      let status: String
      let generation: UInt32?
      let table: TableStatus?
      let objectsDiffering: Int?
      let foreignChains: [ForeignChain]?
      let error: String?
    }
    let format_version = 1
    let hosts: [Host]
  }

  func writeJSON(_ states: [HostState]) throws {
    let hosts = states.map { state -> File.Host in
      switch state.status {
      case .failure(let error):
        return File.Host(
          host: state.host, status: "failed", generation: nil, table: nil, objectsDiffering: nil,
          foreignChains: nil, error: "\(error)")
      case .success(let status):
        let word =
          status.table == nil
          ? "none" : state.differing.map { $0 == 0 ? "same" : "differs" } ?? "installed"
        return File.Host(
          host: state.host, status: word, generation: status.generation, table: status.table,
          objectsDiffering: state.differing, foreignChains: status.foreignChains, error: nil)
      }
    }
    try console.write(try JSONOutput.encode(File(hosts: hosts)))
  }
}
