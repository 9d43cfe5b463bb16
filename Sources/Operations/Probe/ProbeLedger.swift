internal import Addressing
internal import AgentProtocol
internal import Attempts
internal import Explanation
internal import Policy
internal import ProbePlan

/// The books of a round: which attempt was sent for what, and what was seen of it where.
struct ProbeLedger {
  private let plan: ProbePlan
  private let explanations: [PathExplanation]
  private let endOf: [HostID: Int]
  private let round: ProbeRound
  private let protocols: [IPProtocol]

  /// What an attempt is for.
  private enum Subject: Hashable {
    case probe(Int)
    case control(Int, Kind)
  }

  /// What a witness may be good at, and at something else not.
  private struct Kind: Hashable {
    let family: AddressFamily
    let ipProtocol: IPProtocol

    var words: String { "\(ipProtocol) over \(family == .ipv4 ? "IPv4" : "IPv6")" }
  }

  /// A packet, wherever it is seen.
  private struct Packet: Hashable {
    let ipProtocol: IPProtocol
    let source: Address
    let sourcePort: UInt16?
    let destination: Address
    let aim: Attempt.Aim

    func sighting(_ place: Sighting.Place) -> Sighting {
      Sighting(place, ipProtocol, from: source, sourcePort: sourcePort, to: destination, aim)
    }

    /// What it is known by, whatever destination it gets.
    var sender: Packet { Packet(ipProtocol: ipProtocol, source: source, sourcePort: sourcePort) }

    /// What it is known by, whatever source it gets.
    var disguised: Packet {
      Packet(
        ipProtocol: ipProtocol, source: Address(source.family, 0), sourcePort: sourcePort,
        destination: destination, aim: aim)
    }

    /// What it is known by when it gets both others; `nil`: without ports it is known by nothing then.
    var translated: Packet? {
      sourcePort.map {
        Packet(
          ipProtocol: ipProtocol, source: Address(source.family, 0), sourcePort: $0,
          destination: Address(source.family, 0), aim: .plain)
      }
    }

    /// What answers it.
    var answer: Packet? {
      switch (aim, sourcePort) {
      case (.port(let port), let sourcePort?):
        Packet(
          ipProtocol: ipProtocol, source: destination, sourcePort: port, destination: source,
          aim: .port(sourcePort))
      case (.type(let type), _): ICMPAnswer.type(to: type).map { Packet(self, answeredBy: $0) }
      default: nil
      }
    }

    private init(_ asked: Packet, answeredBy type: UInt8) {
      self.init(
        ipProtocol: asked.ipProtocol, source: asked.destination, sourcePort: nil, destination: asked.source,
        aim: .type(type))
    }

    init(
      ipProtocol: IPProtocol, source: Address, sourcePort: UInt16?, destination: Address, aim: Attempt.Aim
    ) {
      self.ipProtocol = ipProtocol
      self.source = source
      self.sourcePort = sourcePort
      self.destination = destination
      self.aim = aim
    }

    init(_ sighting: Sighting) {
      self.init(
        ipProtocol: sighting.ipProtocol, source: sighting.source, sourcePort: sighting.sourcePort,
        destination: sighting.destination, aim: sighting.aim)
    }

    private init(ipProtocol: IPProtocol, source: Address, sourcePort: UInt16?) {
      self.init(
        ipProtocol: ipProtocol, source: source, sourcePort: sourcePort,
        destination: Address(source.family, 0), aim: .plain)
    }
  }

  /// What was asked of each station last, in the order of its outcomes.
  private var asked: [Int: [Subject]] = [:]
  private var packets: [Subject: Packet] = [:]
  private var outcomes: [Subject: AttemptOutcome] = [:]
  private var subjects: [Packet: Subject] = [:]
  private var senders: [Packet: Int] = [:]
  /// What became another packet, by probe: at which stations, and what.
  private var led: [Int: [(station: Int, sighting: Sighting)]] = [:]
  private var seen: [Int: Set<Sighting>] = [:]
  /// What was sent last, by all stations.
  private var current: Set<Packet> = []
  /// What somebody sends to where attempts go, and is none of those sent last: by station, place and all but its source.
  private var strangers: [Int: [Sighting: Set<Address>]] = [:]
  /// Probes whose packets are the same but for their sources.
  private var twins: [Packet: Set<Int>] = [:]
  /// Destinations to which a station knows no way.
  private var unreached: [Int: Set<Address>] = [:]
  private var deaf: [Int: [Kind: String]] = [:]
  /// Stations where more came than their witness took.
  private var overrun: Set<Int> = []
  /// Why a station takes no part any more.
  private(set) var gone: [Int: String] = [:]
  private var nextPort: [[Int]: UInt16] = [:]

  init(
    _ round: ProbeRound, of plan: ProbePlan, _ explanations: [PathExplanation], endOf: [HostID: Int]
  ) {
    self.round = round
    self.plan = plan
    self.explanations = explanations
    self.endOf = endOf
    protocols = Set(round.probes.map { plan.probes[$0].connection.ipProtocol }).sorted()
  }

  /// What the witnesses of the round look for.
  var witnessing: WitnessRequest {
    WitnessRequest(
      peers: round.stations.sorted().flatMap { plan.ends[$0].addresses }, firstPort: ProbePorts.first,
      lastPort: ProbePorts.last, protocols: protocols)
  }

  // MARK: - What is sent

  /// Attempts for some probes of a station, and for packets to itself: only who sees those can be believed when it
  /// has seen nothing.
  mutating func attempts(of station: Int, for probes: [Int]) -> [Attempt] {
    for subject in asked[station] ?? [] {
      if let packet = packets[subject] { current.remove(packet) }
    }
    var subjects: [Subject] = []
    var attempts: [Attempt] = []
    func sourcePort(_ ipProtocol: IPProtocol) -> UInt16? {
      ipProtocol.hasPorts ? port(of: station, ipProtocol) : nil
    }
    for index in probes {
      let connection = plan.probes[index].connection
      subjects.append(.probe(index))
      attempts.append(
        Attempt(
          connection.ipProtocol, from: connection.source, sourcePort: sourcePort(connection.ipProtocol),
          to: connection.destination, connection.aim))
    }
    for family in AddressFamily.allCases {
      guard let own = plan.ends[station].addresses.first(where: { $0.family == family }) else { continue }
      for ipProtocol in protocols where ipProtocol != (family == .ipv4 ? .icmpv6 : .icmp) {
        let aim: Attempt.Aim =
          ipProtocol.hasPorts
          ? .port(ProbePorts.last)
          : [.icmp, .icmpv6].contains(ipProtocol) ? .type(family == .ipv4 ? 8 : 128) : .plain
        subjects.append(.control(station, Kind(family: family, ipProtocol: ipProtocol)))
        attempts.append(
          Attempt(ipProtocol, from: own, sourcePort: sourcePort(ipProtocol), to: own, aim))
      }
    }
    for (subject, attempt) in zip(subjects, attempts) { note(attempt, for: subject) }
    asked[station] = subjects
    return attempts
  }

  private mutating func note(_ attempt: Attempt, for subject: Subject) {
    guard let source = attempt.source else { return }
    let packet = Packet(
      ipProtocol: attempt.ipProtocol, source: source, sourcePort: attempt.sourcePort,
      destination: attempt.destination, aim: attempt.aim)
    packets[subject] = packet
    current.insert(packet)
    outcomes[subject] = nil
    subjects[packet] = subject
    if case .probe(let index) = subject, attempt.sourcePort != nil { senders[packet.sender] = index }
    if case .probe(let index) = subject {
      led[index] = nil
      twins[packet.disguised, default: []].insert(index)
    }
  }

  /// A session that somebody has not forgotten must not be taken for the new one: every run begins elsewhere.
  private mutating func port(of station: Int, _ ipProtocol: IPProtocol) -> UInt16 {
    let kind = [station, Int(ipProtocol.rawValue)]
    let port = nextPort[kind] ?? UInt16.random(in: ProbePorts.first..<ProbePorts.last)
    nextPort[kind] = port + 1 < ProbePorts.last ? port + 1 : ProbePorts.first
    return port
  }

  // MARK: - What is heard

  mutating func note(_ unheard: [Unheard], at station: Int) {
    for one in unheard {
      deaf[station, default: [:]][Kind(family: one.family, ipProtocol: one.ipProtocol)] = one.reason
    }
  }

  /// - Returns: the probes of which a packet was sent, as far as its sender knows.
  mutating func note(_ outcomes: [AttemptOutcome], of station: Int) -> [Int] {
    var sent: [Int] = []
    for (subject, outcome) in zip(asked[station] ?? [], outcomes) {
      self.outcomes[subject] = outcome
      switch (subject, outcome) {
      case (.control, _), (_, .failed), (_, .unsupported): break
      case (.probe(let index), _): sent.append(index)
      }
    }
    return sent
  }

  mutating func note(_ sighted: Sighted, at station: Int) {
    // What is doubtful for that is tried again, and then counts what is seen of it.
    if sighted.isCutShort { overrun.insert(station) } else { overrun.remove(station) }
    // The agent has looked again for a way to each of what it saw.
    unreached[station, default: []].subtract(sighted.sightings.flatMap { [$0.source, $0.destination] })
    unreached[station, default: []].formUnion(sighted.unreached)
    seen[station, default: []].formUnion(sighted.sightings)
    for sighting in sighted.sightings {
      let packet = Packet(sighting)
      if !current.contains(packet) {
        for known in [packet.disguised, packet.translated].compactMap(\.self) {
          strangers[station, default: [:]][known.sighting(sighting.place), default: []].insert(packet.source)
        }
      }
      if subjects[packet] == nil, let index = senders[packet.sender] {
        led[index, default: []].append((station, sighting))
      }
    }
  }

  mutating func note(_ failure: any Error, at station: Int) { gone[station] = "\(failure)" }

  // MARK: - What it says

  func evidence(of index: Int) -> ProbeEvidence {
    let probe = plan.probes[index]
    let subject = Subject.probe(index)
    let kind = Kind(family: probe.connection.family, ipProtocol: probe.connection.ipProtocol)
    guard let packet = packets[subject], let outcome = outcomes[subject] else {
      var evidence = ProbeEvidence(.silent)
      evidence.senderFault =
        fault(of: probe.from, kind) ?? fault(of: probe.to, kind) ?? "it was not tried"
      return evidence
    }
    var evidence = ProbeEvidence(outcome)
    evidence.hasLeft = has(probe.from, packet, .sent)
    evidence.hasArrived = has(probe.to, packet, .arrived)
    evidence.isDelivered = has(probe.to, packet, .delivered)
    if let answer = packet.answer {
      evidence.hasAnswerLeft = has(probe.to, answer, .sent)
      evidence.hasAnswerArrived = has(probe.from, answer, .arrived)
      if unreached[probe.to]?.contains(answer.destination) == true { evidence.answerWayless.insert(probe.to) }
    }
    for hop in explanations[index].gateways {
      guard let station = endOf[hop.host] else {
        evidence.wayFaults.insert(hop.host)
        continue
      }
      if has(station, packet, .arrived) { evidence.came.insert(hop.host) }
      if has(station, packet, .sent) { evidence.went.insert(hop.host) }
      if let answer = packet.answer {
        if has(station, answer, .arrived) { evidence.answerCame.insert(hop.host) }
        if has(station, answer, .sent) { evidence.answerWent.insert(hop.host) }
        if unreached[station]?.contains(answer.destination) == true { evidence.answerWayless.insert(station) }
      }
      if unreached[station]?.contains(packet.destination) == true { evidence.wayless.insert(hop.host) }
      if fault(of: station, kind) != nil { evidence.wayFaults.insert(hop.host) }
    }
    evidence.led = ledBy(index, probe)
    evidence.disguise = disguise(of: index)
    evidence.senderFault = fault(of: probe.from, kind)
    evidence.receiverFault = fault(of: probe.to, kind)
    return evidence
  }

  private func has(_ station: Int, _ packet: Packet, _ place: Sighting.Place) -> Bool {
    seen[station]?.contains(packet.sighting(place)) == true
  }

  /// The station where a packet became another one: the first on its way.
  private func ledBy(_ index: Int, _ probe: PlannedProbe) -> ProbeEvidence.Led? {
    guard let traces = led[index] else { return nil }
    func order(_ station: Int) -> Int { station == probe.from ? 0 : station == probe.to ? 2 : 1 }
    // It was another one already where it came by a link as such.
    let made = traces.filter { trace in
      (trace.station == probe.from || trace.sighting.place != .arrived) && !isDisguise(trace.sighting, index)
    }.min { (order($0.station), $0.station) < (order($1.station), $1.station) }
    guard let made else { return nil }
    return ProbeEvidence.Led(
      end: made.station, destination: made.sighting.destination, aim: made.sighting.aim)
  }

  /// Whether what looks like a packet of a probe that is led elsewhere is another probe's, with the source of this one:
  /// a gateway that others are disguised as sends packets of its own.
  private func isDisguise(_ sighting: Sighting, _ index: Int) -> Bool {
    twins(of: Packet(sighting)).contains { $0 != index && disguise(of: $0) != nil }
  }

  /// Probes whose packets are the same as another one but for their sources.
  private func twins(of packet: Packet) -> [Int] {
    (twins[packet.disguised] ?? []).filter { packets[.probe($0)]?.disguised == packet.disguised }
  }

  /// The station where a packet got another source (masquerade, SNAT), and perhaps another destination, too: it went no further as
  /// what it was, and another one, of which nobody knows, went on in its place.
  private func disguise(of index: Int) -> Int? {
    guard let packet = packets[.probe(index)] else { return nil }
    return ends(of: index, packet).first { station, place in
      [packet.disguised, packet.translated].compactMap(\.self).contains { known in
        // What came to it as such is a stranger's.
        let came = strangers[station]?[known.sighting(.arrived)] ?? []
        return strangers[station]?[known.sighting(place)].map { !$0.isSubset(of: came) } ?? false
      }
    }?.station
  }

  /// Where a packet was not seen to go on, as far as it came.
  private func ends(of index: Int, _ packet: Packet) -> [(station: Int, place: Sighting.Place)] {
    let probe = plan.probes[index]
    let gateways = explanations[index].gateways.compactMap { endOf[$0.host] }.filter {
      has($0, packet, .arrived)
    }
    var ends: [(station: Int, place: Sighting.Place)] = []
    if !has(probe.from, packet, .sent) { ends.append((probe.from, .sent)) }
    ends += gateways.filter { !has($0, packet, .sent) }.map { ($0, .sent) }
    if has(probe.to, packet, .arrived), !has(probe.to, packet, .delivered) {
      ends.append((probe.to, .delivered))
    }
    return ends
  }

  /// Whether a packet may have become one that was sent at the same time: without ports two of the same host are told
  /// by their sources alone. Sent again without the other, it is a stranger's.
  private func isAmbiguous(_ index: Int) -> Bool {
    guard let packet = packets[.probe(index)], packet.sourcePort == nil, disguise(of: index) == nil else {
      return false
    }
    let others = twins(of: packet).compactMap { packets[.probe($0)] }.filter {
      $0 != packet && current.contains($0)
    }
    return !others.isEmpty
      && ends(of: index, packet).contains { station, place in
        others.contains { has(station, $0, place) && !has(station, $0, .arrived) }
      }
  }

  /// Why a station cannot be believed when it has seen nothing; `nil`: it can.
  private func fault(of station: Int, _ kind: Kind) -> String? {
    let name = plan.ends[station].name
    if let reason = gone[station] { return "\(name) takes no part: \(reason)" }
    if let reason = deaf[station]?[kind] { return "\(name) cannot see \(kind.words): \(reason)" }
    if overrun.contains(station) { return "\(name) has not seen all that came" }
    let control = Subject.control(station, kind)
    guard let packet = packets[control] else { return "\(name) was asked nothing" }
    let isSeen = Sighting.Place.allCases.allSatisfy { has(station, packet, $0) }
    if isSeen { return nil }
    let outcome = outcomes[control].map { ": \($0)" } ?? ""
    return "\(name) has not seen its own packet to itself, \(kind.words)\(outcome)"
  }

  /// What is to be tried once more.
  func doubtful(_ judgements: [Int: ProbeJudgement], atLeast doubt: ProbeJudgement.Doubt) -> [Int] {
    round.probes.filter { index in
      let probe = plan.probes[index]
      guard gone[probe.from] == nil, gone[probe.to] == nil else { return false }
      return judgements[index].map { $0.doubt >= doubt } == true || isAmbiguous(index)
    }
  }

  func judgement(of index: Int) -> ProbeJudgement {
    ProbeJudgement(plan.probes[index], of: plan, explanations[index], evidence(of: index))
  }
}

/// What answers the requests that are tried (RFC 792, RFC 4443).
enum ICMPAnswer {
  static func type(to request: UInt8) -> UInt8? {
    switch request {
    case 8: 0
    case 13: 14
    case 128: 129
    default: nil
    }
  }
}

extension Connection {
  /// What of the protocol is asked for.
  var aim: Attempt.Aim {
    switch kind {
    case .ports(_, let port): .port(port)
    case .type(let type): .type(type)
    case .plain: .plain
    }
  }
}
