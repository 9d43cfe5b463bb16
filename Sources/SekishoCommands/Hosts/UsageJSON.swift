internal import Addressing
internal import AgentProtocol
internal import Operations

/// What flows were used for, for programs. Times are seconds before the hosts were asked.
struct UsageJSON: Encodable {
  struct Host: Encodable {
    let host: String
    /// Since somebody looked first.
    var watched: Int?
    /// Times of which it is not known what was used.
    var gaps: [UsageList.Gap]?
    var untold: Int?
    /// Directions without rules, which count nothing.
    var leftAlone: [DirectionStatus.Direction]?
    var loss: String?
    var error: FailureJSON?

    init(_ reply: HostReply<UsageList>) {
      host = reply.host
      switch reply.result {
      case .success(let list):
        (watched, gaps, untold, loss) = (list.watched, list.gaps, list.untold, list.loss)
        leftAlone = list.leftAlone
      case .failure(let failure): error = FailureJSON(failure)
      }
    }
  }

  struct Part: Encodable {
    let host: String
    /// `input`, `output` or `forward`.
    let direction: String
    let service: String
    let connections: UInt64
    /// Of the first packets of these.
    let bytes: UInt64
    let known: Int
    let firstUsed: Int?
    let lastUsed: Int?
    /// Since the look by which that had not been.
    let lastUsedAfter: Int?
    /// Since no rule of it is left; left out where there are rules.
    let gone: Int?
    /// Of services with several ports, at which sessions were seen.
    let ports: [Ports]?

    init(_ part: FlowUsage.Part) {
      host = part.host
      direction = part.use.hook.rawValue
      service = part.use.service
      (connections, bytes, known) = (part.use.packets, part.use.bytes, part.use.known)
      (firstUsed, lastUsed, lastUsedAfter) = (part.use.first, part.use.last, part.use.lastAfter)
      gone = part.use.gone
      ports = part.use.ports.map { $0.map { Ports($0) } }
    }
  }

  struct Ports: Encodable {
    struct Seen: Encodable {
      let port: UInt16
      let last: Int
    }

    let ipProtocol: String
    let allowed: [String]
    /// Since when all of them may be asked for and somebody looks, and how often he has.
    let since: Int
    let looks: Int
    /// Left out where they are more than a host remembers.
    let seen: [Seen]?

    enum CodingKeys: String, CodingKey {
      case ipProtocol = "protocol"
      case allowed, since, looks, seen
    }

    init(_ ports: UsageList.Ports) {
      ipProtocol = "\(ports.ipProtocol)"
      allowed = ports.allowed.ranges.map(\.rangeText)
      (since, looks) = (ports.since, ports.looks)
      seen = ports.seen?.map { Seen(port: $0.port, last: $0.last) }
    }
  }

  struct IdlePorts: Encodable {
    let service: String
    let ipProtocol: String
    let idle: [String]
    let allowed: [String]
    let looks: Int

    enum CodingKeys: String, CodingKey {
      case ipProtocol = "protocol"
      case service, idle, allowed, looks
    }

    init(_ ports: UnusedFlows.IdlePorts) {
      service = ports.service
      ipProtocol = "\(ports.ipProtocol)"
      idle = ports.idle.ranges.map(\.rangeText)
      allowed = ports.allowed.ranges.map(\.rangeText)
      looks = ports.looks
    }
  }

  struct Flow: Encodable {
    let flow: String
    let connections: UInt64
    let bytes: UInt64
    let known: Int
    let firstUsed: Int?
    let lastUsed: Int?
    let lastUsedAfter: Int?
    let sessions: Int?
    /// With a time: `used`, `unused`, `perhaps` (the look ahead of the one that found it used is longer ago), `young` (it stands
    /// for less) or `unknown` (nobody has looked for as long).
    let finding: String?
    /// What of a used flow was not.
    let unusedServices: [String]?
    let silentHosts: [String]?
    let unaskedHosts: [String]?
    let unseenPorts: [IdlePorts]?
    let parts: [Part]

    init(_ flow: FlowUsage, _ unused: UnusedFlows?) {
      self.flow = flow.flow
      (connections, bytes, known) = (flow.connections, flow.bytes, flow.known)
      (firstUsed, lastUsed, lastUsedAfter) = (flow.first, flow.latest?.last, flow.latest?.lastAfter)
      sessions = flow.sessions
      parts = flow.parts.map { Part($0) }
      finding = unused.map { unused in
        switch unused.finding(flow) {
        case .used: "used"
        case .unused: "unused"
        case .perhaps: "perhaps"
        case .young: "young"
        case .unknown: "unknown"
        }
      }
      let wider = unused?.wider(flow)
      (unusedServices, silentHosts, unaskedHosts) = (wider?.services, wider?.silent, wider?.unasked)
      unseenPorts = wider?.ports.map { IdlePorts($0) }
    }
  }

  let hosts: [Host]
  let flows: [Flow]

  init(_ replies: [HostReply<UsageList>], _ flows: [FlowUsage], _ unused: UnusedFlows?) {
    hosts = replies.map { Host($0) }
    self.flows = flows.map { Flow($0, unused) }
  }
}
