package import Addressing
package import Attempts
package import Explanation
package import Policy

/// What an attempt has shown.
package struct ProbeJudgement: Hashable, Sendable {
  /// What is otherwise than the policy says, in the order in which the packet met it.
  package private(set) var deviations: [ProbeDeviation] = []
  /// Why nothing is proven; of no meaning where something deviates.
  package private(set) var obstacle: String?
  /// Where it was stopped as the policy says.
  package private(set) var stop: Stop?
  /// Whether the connection comes about; `nil`: not known.
  package private(set) var isOpen: Bool?

  /// A host that stops something in a direction.
  package struct Stop: Hashable, Sendable {
    package let host: HostID
    package let direction: Direction

    package init(host: HostID, direction: Direction) {
      self.host = host
      self.direction = direction
    }
  }

  package var isProven: Bool { deviations.isEmpty && obstacle == nil }

  /// How much a packet that was late, or lost once, would look like this.
  package var doubt: Doubt {
    if deviations.isEmpty { return obstacle == nil ? .none : .much }
    return deviations.map { deviation in
      switch deviation.kind {
      case .lets, .leads, .bypasses: .none
      case .stops: .some
      case .loses, .holdsAnswer: .much
      }
    }.max() ?? .none
  }

  /// A packet that was seen is no doubt; one that was not seen is some, and one that nobody stopped is much.
  package enum Doubt: Int, Comparable, Sendable {
    case none, some, much

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  /// - Parameters:
  ///   - probe: what was tried.
  ///   - plan: whose ends it names.
  ///   - explanation: what the policy says of it.
  ///   - evidence: what was seen of it.
  package init(
    _ probe: PlannedProbe, of plan: ProbePlan, _ explanation: PathExplanation, _ evidence: ProbeEvidence
  ) {
    let sender = plan.ends[probe.from]
    switch evidence.outcome {
    case .failed, .unsupported:
      obstacle = "\(sender.name): \(evidence.outcome)"
      return
    default: break
    }
    if let fault = evidence.senderFault {
      obstacle = fault
      return
    }
    if let led = evidence.led {
      let end = plan.ends[led.end]
      let direction: Direction = led.end == probe.from ? .egress : led.end == probe.to ? .ingress : .forward
      deviate(.leads(led.destination, led.aim), end.host, direction)
      return
    }
    follow(probe, plan, explanation, evidence)
    if deviations.isEmpty, obstacle == nil { weigh(explanation, evidence) }
  }

  /// From hop to hop.
  private mutating func follow(
    _ probe: PlannedProbe, _ plan: ProbePlan, _ explanation: PathExplanation, _ evidence: ProbeEvidence
  ) {
    let sender = plan.ends[probe.from]
    let receiver = plan.ends[probe.to]
    let disguise = evidence.disguise.map { "at \(plan.ends[$0].name) it became a packet of another source" }
    if let disguise, evidence.disguise == probe.from {
      obstacle = disguise
      return
    }
    guard leaves(probe, sender, explanation, evidence) else { return }
    if let disguise {
      obstacle = disguise
      return
    }
    guard arrives(from: sender, at: receiver, of: plan, explanation, evidence) else { return }
    if let fault = evidence.receiverFault {
      obstacle = fault
      return
    }
    guard enters(explanation, evidence) else { return }
    judgeAnswer(probe, plan, evidence)
  }

  /// What is left to prove where every hop alone did what it should: a stop does not hold against what the sender,
  /// or somebody behind it, has seen.
  private mutating func weigh(_ explanation: PathExplanation, _ evidence: ProbeEvidence) {
    if isOpen == false, evidence.outcome == .open {
      obstacle = "it was answered, and no witness saw it pass"
    } else if let isOpen, isOpen != (explanation.passes || explanation.isUnmanaged) {
      obstacle = "it is \(isOpen ? "open" : "closed"), and no host was seen to do what it must not"
    } else {
      return
    }
    stop = nil
    isOpen = nil
  }

  /// Past the rules of the sender.
  private mutating func leaves(
    _ probe: PlannedProbe, _ sender: ProbeEnd, _ explanation: PathExplanation, _ evidence: ProbeEvidence
  ) -> Bool {
    // Who is behind the sender has seen it leave.
    let hasLeft =
      evidence.hasLeft || evidence.hasArrived || evidence.isDelivered
      || !evidence.came.union(evidence.went).isEmpty
    if hasLeft {
      if let departure = explanation.departures.first, !departure.passes {
        deviate(.lets, departure.host, .egress)
      }
      return true
    }
    if case .unreachable(let offender) = evidence.outcome,
      offender.map({ sender.addresses.contains($0) }) ?? true
    {
      // No route, no neighbour: rules had no part in it.
      obstacle = "\(sender.name) found no way"
      return false
    }
    guard let departure = explanation.departures.first else {
      obstacle = "nothing left \(sender.name)"
      return false
    }
    if let fault = evidence.receiverFault {
      // A host that is down is no proof, whoever else would have stopped it.
      obstacle = fault
      return false
    }
    if departure.passes {
      deviate(.stops, departure.host, .egress)
    } else if case .silent = evidence.outcome, probe.connection.ipProtocol != .tcp {
      // The kernel says of all but TCP that a rule has dropped it.
      obstacle = "\(sender.name) sent it by its own account, and it left by no link"
      return false
    } else {
      stop = Stop(host: departure.host, direction: .egress)
    }
    isOpen = false
    return false
  }

  /// Over the way, past the rules of gateways.
  private mutating func arrives(
    from sender: ProbeEnd, at receiver: ProbeEnd, of plan: ProbePlan, _ explanation: PathExplanation,
    _ evidence: ProbeEvidence
  ) -> Bool {
    let gateways = explanation.gateways
    let crossed = gateways.filter { evidence.went.contains($0.host) }
    for hop in crossed where !hop.passes { deviate(.lets, hop.host, .forward) }
    if evidence.hasArrived || evidence.isDelivered {
      if gateways.isEmpty || !crossed.isEmpty { return true }
      if gateways.contains(where: { evidence.wayFaults.contains($0.host) }) {
        obstacle = "a gateway on the way has no witness"
      } else {
        deviate(.bypasses, gateways[0].host, .forward)
        isOpen = evidence.isDelivered
      }
      return false
    }
    if let fault = evidence.receiverFault {
      // A gateway that waits for a neighbour that is down passes nothing on, and nobody's rule stops it.
      obstacle = fault
      return false
    }
    if crossed.isEmpty,
      let hop = gateways.first(where: {
        evidence.came.contains($0.host) && !evidence.wayFaults.contains($0.host)
      })
    {
      // No route, no neighbour: rules had no part in it.
      if case .unreachable(let offender?) = evidence.outcome {
        obstacle = "\(offender) found no way to \(receiver.name)"
        return false
      }
      if evidence.wayless.contains(hop.host) {
        let name = plan.ends.first { $0.host == hop.host }?.name ?? "a gateway"
        obstacle = "\(name) found no way to \(receiver.name)"
        return false
      }
      isOpen = false
      if hop.passes {
        deviate(.stops, hop.host, .forward)
      } else {
        stop = Stop(host: hop.host, direction: .forward)
      }
      return false
    }
    if gateways.contains(where: { evidence.wayFaults.contains($0.host) }) {
      obstacle = "a gateway on the way has no witness"
    } else if explanation.passes {
      deviate(.loses, nil, nil)
      isOpen = false
    } else {
      obstacle = "it left \(sender.name) and did not come to \(receiver.name)"
    }
    return false
  }

  /// Past the rules of the receiver.
  private mutating func enters(_ explanation: PathExplanation, _ evidence: ProbeEvidence) -> Bool {
    guard let arrival = explanation.arrivals.first else { return true }
    switch (arrival.passes, evidence.isDelivered) {
    case (true, true): return true
    case (true, false): deviate(.stops, arrival.host, .ingress)
    case (false, true):
      deviate(.lets, arrival.host, .ingress)
      return true
    case (false, false): stop = Stop(host: arrival.host, direction: .ingress)
    }
    isOpen = false
    return false
  }

  private mutating func judgeAnswer(
    _ probe: PlannedProbe, _ plan: ProbePlan, _ evidence: ProbeEvidence
  ) {
    let (sender, receiver) = (plan.ends[probe.from], plan.ends[probe.to])
    let isAnswered: Bool =
      switch evidence.outcome {
      case .open, .refused: true
      default: !probe.connection.isAnswered
      }
    isOpen = isAnswered
    if isAnswered { return }
    let gateway = evidence.answerCame.subtracting(evidence.answerWent).min()
    let holder =
      evidence.hasAnswerLeft ? plan.ends.firstIndex { $0.host != nil && $0.host == gateway } : probe.to
    if !evidence.hasAnswerArrived, let holder, evidence.answerWayless.contains(holder) {
      // No route, no neighbour: rules had no part in it.
      obstacle = "\(plan.ends[holder].name) found no way to \(sender.name)"
      isOpen = nil
      return
    }
    // What is held back is said of the host that holds it.
    if !evidence.hasAnswerLeft {
      deviate(.holdsAnswer, receiver.host, receiver.host == nil ? nil : .egress)
    } else if evidence.hasAnswerArrived {
      deviate(.holdsAnswer, sender.host, sender.host == nil ? nil : .ingress)
    } else if let gateway {
      deviate(.holdsAnswer, gateway, .forward)
    } else {
      deviate(.holdsAnswer, nil, nil)
    }
  }

  private mutating func deviate(_ kind: ProbeDeviation.Kind, _ host: HostID?, _ direction: Direction?) {
    deviations.append(ProbeDeviation(kind: kind, host: host, direction: direction))
  }
}

/// What a network does otherwise than the policy says.
package struct ProbeDeviation: Hashable, Sendable {
  package let kind: Kind
  /// Who does it; `nil`: something between the hosts.
  package let host: HostID?
  package let direction: Direction?

  package init(kind: Kind, host: HostID?, direction: Direction?) {
    self.kind = kind
    self.host = host
    self.direction = direction
  }

  /// What it does.
  package enum Kind: Hashable, Sendable {
    /// What is denied passes.
    case lets
    /// What is allowed, or only observed, does not pass.
    case stops
    /// It becomes a packet to somebody else.
    case leads(Address, Attempt.Aim)
    /// It comes by another way than past the gateways that are to judge it.
    case bypasses
    /// It is lost on the way.
    case loses
    /// It comes, and its answer does not come back.
    case holdsAnswer
  }
}

extension Connection {
  /// Whether the sender learns that it arrived: a listener or the kernel answers, or the witness does.
  fileprivate var isAnswered: Bool {
    switch (ipProtocol, kind) {
    case (.tcp, .ports), (.udp, .ports), (.icmp, .type(8)), (.icmpv6, .type(128)): true
    default: false
    }
  }
}
