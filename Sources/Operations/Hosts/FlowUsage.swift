package import Addressing
package import AgentProtocol

/// What a flow was used for, as hosts that were asked have counted it.
package struct FlowUsage: Sendable {
  /// What one host has counted of it, on one way and by one of its services.
  package struct Part: Sendable {
    package let host: String
    package let use: UsageList.Use
  }

  package let flow: String
  /// In order of hosts.
  package let parts: [Part]
  /// Sessions that go on; `nil`: no host has counted them.
  package let sessions: Int?

  /// What hosts have told, in order of flows.
  package static func all(of told: [(host: String, list: UsageList)]) -> [Self] {
    var parts: [String: [Part]] = [:]
    var live: [String: [DirectionStatus.Direction: Int]] = [:]
    for (host, list) in told {
      for use in list.uses { parts[use.flow, default: []].append(Part(host: host, use: use)) }
      for one in list.live ?? [] { live[one.flow, default: [:]][one.hook, default: 0] += one.sessions }
    }
    let isCounted = told.contains { $0.list.live != nil }
    return parts.sorted { $0.key < $1.key }.map { flow, parts in
      Self(
        flow: flow, parts: parts, sessions: isCounted ? live[flow]?.values.max() ?? 0 : nil)
    }
  }

  /// Whether some host has rules of it.
  package var stands: Bool { parts.contains { $0.use.gone == nil } }

  /// Each connection is counted at each end that was asked, and between them: they are as many as the way has that counts most.
  package var connections: UInt64 { most(\.packets) }
  package var bytes: UInt64 { most(\.bytes) }

  private func most(_ count: (UsageList.Use) -> UInt64) -> UInt64 {
    Dictionary(grouping: parts, by: \.use.hook).values.map { parts in
      parts.reduce(0) { $0 &+ count($1.use) }
    }.max() ?? 0
  }

  /// Seconds since some host found it used first; `nil`: it never was, or was before somebody looked.
  package var first: Int? {
    let used = parts.filter { $0.use.packets > 0 }
    return used.contains { $0.use.first == nil } ? nil : used.compactMap(\.use.first).max()
  }

  /// Where it was found used last; `nil`: it never was.
  package var latest: UsageList.Use? {
    parts.map(\.use).filter { $0.last != nil }.min { $0.last ?? 0 < $1.last ?? 0 }
  }

  /// Seconds since the first host knows of it.
  package var known: Int { parts.map(\.use.known).max() ?? 0 }
}

/// What of flows a time has gone by without.
package struct UnusedFlows: Sendable {
  /// What is said of one.
  package enum Finding: Hashable, Sendable {
    case used
    case unused
    /// It was found used in that time, and may have been ahead of it.
    case perhaps
    /// It stands for so many seconds only.
    case young(Int)
    /// On these hosts nobody has looked for as long; the least of them has for so many seconds.
    case unknown([String], Int)
  }

  /// What a used flow allows and was not used.
  package struct Wider: Sendable {
    package let flow: String
    package let services: [String]
    /// Hosts that may ask and did not, and that may be asked and were not.
    package let silent: [String]
    package let unasked: [String]
    /// Of services of which some ports were seen in use, those that were not.
    package let ports: [IdlePorts]
  }

  /// Ports of a service at which no session was seen.
  package struct IdlePorts: Sendable {
    package let service: String
    package let ipProtocol: IPProtocol
    package let idle: PortSet
    package let allowed: PortSet
    /// How often the host has looked that has looked least: a session that begins and is forgotten between two looks is not seen.
    package let looks: Int
  }

  package let seconds: Int
  private let told: [(host: String, list: UsageList)]

  package init(in seconds: Int, _ told: [(host: String, list: UsageList)]) {
    self.seconds = seconds
    self.told = told
  }

  package func finding(_ flow: FlowUsage) -> Finding {
    switch use(flow.parts) {
    case .used: return .used
    case .perhaps: return .perhaps
    default: break
    }
    let short = short(flow.parts)
    if let least = short.map(\.watched).min() { return .unknown(short.map(\.host), least) }
    return flow.known < seconds ? .young(flow.known) : .unused
  }

  /// `nil`: all of it is used, as far as services and hosts say.
  package func wider(_ flow: FlowUsage) -> Wider? {
    let standing = flow.parts.filter { $0.use.gone == nil && $0.use.known >= seconds }
    guard use(flow.parts) == .used, short(standing).isEmpty else { return nil }
    // What stands for less, or no more, may have been used all the same: only what stands long enough is named, by all uses.
    func unused(_ isMeant: (FlowUsage.Part) -> Bool, by name: (FlowUsage.Part) -> String) -> [String] {
      let uses = Dictionary(grouping: flow.parts.filter(isMeant), by: name)
      return Set(standing.filter(isMeant).map(name)).filter { use(uses[$0] ?? []) == .unused }.sorted()
    }
    let services = unused({ _ in true }, by: \.use.service)
    let found = Wider(
      flow: flow.flow, services: services, silent: unused({ $0.use.hook == .output }, by: \.host),
      unasked: unused({ $0.use.hook == .input }, by: \.host),
      ports: idlePorts(flow.parts.filter { !services.contains($0.use.service) }))
    return found.services.isEmpty && found.silent.isEmpty && found.unasked.isEmpty && found.ports.isEmpty
      ? nil : found
  }

  /// Only where everybody who has rules has looked for as long, and somebody has seen some of them in use: else the looks were too few.
  private func idlePorts(_ parts: [FlowUsage.Part]) -> [IdlePorts] {
    let byService = Dictionary(grouping: parts.filter { $0.use.gone == nil }, by: \.use.service)
    return byService.sorted { $0.key < $1.key }.flatMap { service, parts in
      let protocols = Set(parts.flatMap { ($0.use.ports ?? []).map(\.ipProtocol) }).sorted()
      return protocols.compactMap { ipProtocol -> IdlePorts? in
        let told = parts.compactMap { part in part.use.ports?.first { $0.ipProtocol == ipProtocol } }
        guard told.count == parts.count, told.allSatisfy({ $0.since >= seconds }) else { return nil }
        var (allowed, used) = (PortSet(), PortSet())
        for one in told {
          guard let seen = one.seen else { return nil }
          allowed = allowed.union(one.allowed)
          used = used.union(PortSet(ascending: seen.filter { $0.last <= seconds }.map(\.port)))
        }
        let idle = allowed.subtracting(used)
        if used.isEmpty || idle.isEmpty { return nil }
        return IdlePorts(
          service: service, ipProtocol: ipProtocol, idle: idle, allowed: allowed,
          looks: told.map(\.looks).min() ?? 0)
      }
    }
  }

  /// Seconds of the time of which a host may not know what was used, by host; those with none are left out.
  package var gaps: [(host: String, seconds: Int)] {
    told.compactMap { host, list in
      let sum = list.gaps.reduce(0) { $0 + max(0, min($1.began, seconds) - $1.ended) }
      return sum == 0 ? nil : (host, sum)
    }
  }

  /// A use lies between two looks; of the first look of all, anywhere ahead of it.
  private func use(_ parts: [FlowUsage.Part]) -> Finding {
    if parts.contains(where: { $0.use.lastAfter.map { $0 <= seconds } ?? false }) { return .used }
    return parts.contains { $0.use.last.map { $0 <= seconds } ?? false } ? .perhaps : .unused
  }

  /// Hosts that have not looked for as long.
  private func short(_ parts: [FlowUsage.Part]) -> [(host: String, watched: Int)] {
    let hosts = Set(parts.filter { $0.use.gone == nil }.map(\.host))
    return told.filter { hosts.contains($0.host) && $0.list.watched < seconds }
      .map { ($0.host, $0.list.watched) }
  }
}
