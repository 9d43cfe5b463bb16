package import Addressing
package import Nftables

/// Whether a table would let sessions begin that are there.
///
/// A session is judged as its first packet would be, in the chains of the hook that it goes through here, by what those chains
/// see of it: the source ahead of translation, and the destination behind it.
package struct SessionJudge {
  /// What a table says of a session.
  package enum Judgement: Hashable, Sendable {
    /// It may begin; by the comment of the rule that decides, where one does.
    case allowed(by: String?)
    case denied
    /// A rule depends on more than is known of a session.
    case uncertain
    /// The host speaks with itself, or the table is not asked about such packets.
    case exempt
  }

  private let table: Table
  private let evaluator: Evaluator
  private let hooks: Set<Hook>
  /// Whether rules ask by which links packets come or go.
  private let asksForLinks: Bool
  private let addresses: HostAddresses
  private let ownInOrder: [Address]
  private let listeners: [UInt16: [SessionEnd]]?
  private let exits: [(link: String, destinations: AddressSet)]
  private let time: UInt64

  /// - Parameters:
  ///   - addresses: those of this host.
  ///   - listeners: where it waits for TCP connections; `nil`: it is not known.
  ///   - exits: the links by which packets leave, with the addresses that are behind them; they come by the same. What is
  ///     behind none has a link that is not known.
  ///   - time: nanoseconds since 1970.
  package init(
    _ table: Table, _ addresses: HostAddresses, listeners: [SessionEnd]?,
    exits: [(link: String, destinations: AddressSet)] = [], at time: UInt64
  ) {
    self.table = table
    evaluator = Evaluator(table)
    hooks = Set(table.chains.compactMap { $0.base?.hook })
    asksForLinks = table.chains.contains { $0.rules.contains(where: \.asksForLinks) }
    self.addresses = addresses
    ownInOrder = addresses.own.sorted()
    self.listeners = listeners.map { Dictionary(grouping: $0, by: \.port) }
    self.exits = exits
    self.time = time
  }

  /// Whether somebody here waits for what is sent to an end.
  package func isHeard(_ end: SessionEnd) -> Bool {
    listeners?[end.port]?.contains { $0.hears(end) } ?? false
  }

  package func judge(_ session: TrackedSession) -> Judgement {
    let original = session.original
    let began = Opening(session)
    guard let hook = hook(of: session), hooks.contains(hook) else {
      return .exempt
    }
    let judged = judge(began, at: hook)
    guard session.isPickedUp, judged == .denied, original.ipProtocol == .tcp else { return judged }
    // The other end may have begun it. Of an end of this host, the ports where it listens say which.
    if hook != .forward, listeners == nil { return .uncertain }
    switch hook {
    case .input where isHeard(SessionEnd(began.destination, began.destinationPort)): return judged
    case .output where !isHeard(SessionEnd(began.source, began.sourcePort)): return judged
    default:
      let opposite: Hook = hook == .input ? .output : hook == .output ? .input : hook
      return hooks.contains(opposite) ? judge(began.reversed, at: opposite) : .exempt
    }
  }

  /// The chain whose rule lets a session begin, and the flow that the rule is for; `nil`: none is known to, or tracking came upon
  /// it half-way.
  package func rule(of session: TrackedSession) -> (chain: ChainName, flow: String?)? {
    guard !session.isPickedUp, let hook = hook(of: session), hooks.contains(hook) else { return nil }
    let (judgement, place) = decide(Opening(session), at: hook)
    guard case .allowed(let flow) = judgement, let place else { return nil }
    return (place.chain, flow)
  }

  /// Whether a TCP session of this host may begin.
  package func allows(_ session: Session, at hook: Hook) -> Bool {
    let opening = Opening(
      from: session.client.address, to: session.server.address, .tcp, sourcePort: session.client.port,
      destinationPort: session.server.port)
    if case .allowed = judge(opening, at: hook) { return true }
    return false
  }

  /// The hook that a session goes through here; `nil`: the host speaks with itself.
  package func hook(of session: TrackedSession) -> Hook? {
    addresses.hook(from: session.original.source, to: session.reply.source)
  }

  private func judge(_ opening: Opening, at hook: Hook) -> Judgement { decide(opening, at: hook).judgement }

  private func decide(
    _ opening: Opening, at hook: Hook
  ) -> (judgement: Judgement, place: Evaluation.Place?) {
    var packet = opening.packet
    packet.time = time
    packet.localAddresses = ownInOrder
    var isLinkKnown = true
    if hook != .output {
      packet.inputInterface = Self.otherThanLoopback
      packet.inputInterfaceName = link(to: opening.source, &isLinkKnown)
    }
    if hook != .input {
      packet.outputInterface = Self.otherThanLoopback
      packet.outputInterfaceName = link(to: opening.destination, &isLinkKnown)
    }
    let judged = evaluator.evaluate(packet, at: hook)
    if !judged.isCertain || !isLinkKnown && asksForLinks { return (.uncertain, nil) }
    guard judged.verdict == .accept else { return (.denied, nil) }
    let rule = judged.decidedBy.flatMap { place in
      table.chains.first { $0.name == place.chain }.map { $0.rules[place.index] }
    }
    return (.allowed(by: rule?.comment), judged.decidedBy)
  }

  private func link(to address: Address, _ isKnown: inout Bool) -> String {
    guard let exit = exits.first(where: { $0.destinations.contains(address) }) else {
      isKnown = false
      return ""
    }
    return exit.link
  }

  /// Any index but that of `lo`.
  private static let otherThanLoopback: UInt32 = 2
}

/// The packet that would open a session.
private struct Opening {
  let source: Address
  let destination: Address
  let ipProtocol: IPProtocol
  let sourcePort: UInt16
  let destinationPort: UInt16
  let messageType: UInt8
  let messageCode: UInt8
  let status: UInt32
  let originalPort: UInt16

  init(_ session: TrackedSession) {
    let (original, reply) = (session.original, session.reply)
    self.init(
      from: original.source, to: reply.source, original.ipProtocol, sourcePort: original.sourcePort,
      destinationPort: reply.sourcePort, messageType: original.messageType,
      messageCode: original.messageCode, status: session.status, originalPort: original.destinationPort)
  }

  init(
    from source: Address, to destination: Address, _ ipProtocol: IPProtocol, sourcePort: UInt16,
    destinationPort: UInt16, messageType: UInt8 = 0, messageCode: UInt8 = 0, status: UInt32 = 0,
    originalPort: UInt16? = nil
  ) {
    self.source = source
    self.destination = destination
    self.ipProtocol = ipProtocol
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
    self.messageType = messageType
    self.messageCode = messageCode
    self.status = status
    self.originalPort = originalPort ?? destinationPort
  }

  var reversed: Self {
    Self(
      from: destination, to: source, ipProtocol, sourcePort: destinationPort, destinationPort: sourcePort,
      status: status & ~Self.translated)
  }

  var packet: Packet {
    let transport =
      ipProtocol.isICMP
      ? [messageType, messageCode, 0, 0, 0, 0, 0, 0]
      : Packet.transportHeader(ipProtocol, source: sourcePort, destination: destinationPort)
    var packet = Packet(from: source, to: destination, ipProtocol, transport: transport)
    packet.status = status & Self.translated
    packet.originalPort = originalPort
    // A helper expected it: such a packet is never called new.
    if status & Self.expected != 0 { packet.state = .related }
    return packet
  }

  /// `IPS_SRC_NAT` and `IPS_DST_NAT`, and `IPS_EXPECTED` (linux/netfilter/nf_conntrack_common.h).
  private static let translated: UInt32 = 0x30
  private static let expected: UInt32 = 1
}

extension IPProtocol {
  fileprivate var isICMP: Bool { self == .icmp || self == .icmpv6 }
}

extension Rule {
  fileprivate var asksForLinks: Bool {
    expressions.contains { expression in
      switch expression {
      case .meta(.inputInterfaceName, _), .meta(.outputInterfaceName, _): true
      default: false
      }
    }
  }
}

extension SessionEnd {
  /// Whether a listener here hears what is sent to another end: at its address, or at every one.
  func hears(_ other: SessionEnd) -> Bool {
    // `::` hears IPv4, too.
    address == other.address || address.bits == 0
  }
}
