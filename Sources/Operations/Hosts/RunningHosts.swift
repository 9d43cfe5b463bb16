internal import Addressing
package import AgentProtocol
package import ConnectionDiff
internal import ConnectionSpace
internal import Diagnostics
internal import Lint
internal import Nftables
internal import Policy
package import RulesetDiff
internal import RulesetShape

/// What hosts run, against what they should have.
package struct RunningHosts {
  /// One host's answer.
  package typealias Answer = Looked

  package let targets: Targets
  package let answers: [Result<Answer, any Error>]
  /// Addresses that hosts speak from although their peers deny what comes from there.
  private let stray: [(host: String, addresses: StrayAddresses)]
  /// Of these, those that the inventory gives to no host, of the one machine that carries them: what several carry, such as the
  /// address of a bridge that is everywhere the same, is nobody's to tell of.
  private let unlisted: [String: [Address]]
  /// What hosts have in their books, where they were asked for them.
  let books: [String: Books]
  /// Hosts that take only what is signed.
  let asksForSignatures: Set<String>

  init(
    _ targets: Targets, _ answers: [Result<Answer, any Error>],
    _ stray: [(host: String, addresses: StrayAddresses)], _ books: [String: Books] = [:],
    asksForSignatures: Set<String> = []
  ) {
    self.asksForSignatures = asksForSignatures
    self.targets = targets
    self.answers = answers
    self.stray = stray
    let known = stray.map { ($0.host, $0.addresses.unknown) }
    let carriers = known.flatMap(\.1).reduce(into: [Address: Int]()) { $0[$1, default: 0] += 1 }
    unlisted = Dictionary(
      known.map { ($0, $1.filter { carriers[$0] == 1 }) }, uniquingKeysWith: { first, _ in first })
    self.books = books
  }

  /// Asks every host.
  ///
  /// - Parameter readsBooks: whether for its books, too.
  package init(asking targets: Targets, readsBooks: Bool = false, watch: (any HostWatch)? = nil) async {
    let asked = await asking(targets.hosts, watch) { target in
      try await target.ask([Look.self]) { agent, greeting in
        (
          looked: try await agent.ask(Look(target.wanted)), stray: target.identity.strayAddresses(greeting),
          books: readsBooks ? try await agent.ask(History()) : nil,
          asksForSignatures: greeting.approvals != nil
        )
      }
    }
    let told = zip(targets.hosts, asked).compactMap { target, answer in
      (try? answer.get()).map { (host: target.name, answer: $0) }
    }
    let stray = told.compactMap { $0.answer.stray.isEmpty ? nil : ($0.host, $0.answer.stray) }
    let books = told.compactMap { told in told.answer.books.map { (told.host, $0) } }
    self.init(
      targets, asked.map { $0.map(\.looked) }, stray, Dictionary(books, uniquingKeysWith: { one, _ in one }),
      asksForSignatures: Set(told.filter(\.answer.asksForSignatures).map(\.host)))
  }

  /// Hosts that cannot be reached or do not answer in time, and why.
  package var unreachable: [(host: String, error: any Error)] {
    zip(targets.hosts, answers).compactMap { target, answer in
      guard case .failure(let error) = answer, let failure = error as? AgentFailure,
        [.unreachable, .timedOut].contains(failure.code)
      else { return nil }
      return (target.name, failure)
    }
  }

  /// The others, as if these had not been asked.
  package func without(_ names: [String]) -> RunningHosts {
    let left = zip(targets.hosts, answers).filter { !names.contains($0.0.name) }
    return RunningHosts(
      targets.only(left.map(\.0.name)), left.map(\.1), stray.filter { !names.contains($0.host) }, books,
      asksForSignatures: asksForSignatures)
  }

  package var found: FoundDifference {
    // Each is asked once: findings and the lockout rest on them, too.
    let meant = Result { () throws(NotProven) in try meaning() }
    let locked = Result { () throws(NotProven) in try lockout(meant) }
    var found = FoundDifference(
      differences, findings: findings(lockedOut: (try? locked.get())?.hosts ?? []), facts: facts,
      lockout: { (_) throws(NotProven) in try locked.get() }
    ) { () throws(NotProven) in try meant.get() }
    found.lostLogins = lostLogins(found)
    do throws(NotProven) { found.risks = try risks() } catch { found.risksNotProven = error }
    return found
  }

  /// Hosts that change, and would refuse it because nothing that is signed comes with it.
  var unsigned: [String] {
    changing.map(\.target).filter { $0.signed == nil && asksForSignatures.contains($0.name) }.map(\.name)
  }

  /// Hosts that change, in the kernel or in their books alone.
  package var changing: [Applying] {
    zip(targets.hosts, answers).compactMap { target, answer in
      (try? answer.get()).flatMap {
        !$0.isToChange ? nil : Applying(target: target, looked: $0)
      }
    }
  }

  private var answering: [(target: Target, looked: Looked)] {
    zip(targets.hosts, answers).compactMap { target, answer in (try? answer.get()).map { (target, $0) } }
  }

  /// To namespaces of a lab nobody logs in.
  private func lockout(_ meaning: Result<ChangeMeaning?, NotProven>) throws(NotProven) -> Lockout? {
    if targets.isLab { return nil }
    // Whoever is in quarantine can log in again, and what is open for a time closes.
    let hosts = answering.map { rulesets(of: $0.target, $0.looked).withNothingKept }
    // Where it is of all of these hosts, and of their own tables alone, the meaning knows it.
    if case .success(let meaning?) = meaning, hosts.allSatisfy({ $0.old != [] && $0.staying.isEmpty }) {
      return meaning.diff.lockout
    }
    return try Lockout(of: hosts, compiledFrom: targets.inventory?.policy, at: .current())
  }

  /// What there is to know of hosts beside that, of those with anything.
  private var facts: [HostFacts] {
    let stray = Dictionary(uniqueKeysWithValues: stray.map { ($0.host, $0.addresses) })
    return zip(targets.hosts, answers).compactMap { target, answer in
      guard let looked = try? answer.get() else { return nil }
      let facts = HostFacts(
        target, looked, names: targets.inventory?.policy, stray: stray[target.name])
      return facts.isEmpty ? nil : facts
    }
  }

  private func findings(lockedOut: [String]) -> [Finding] {
    guard let policy = targets.inventory?.policy else { return [] }
    var flows: Set<String> = []
    var first: Set<String> = []
    for applying in changing {
      let comparison = applying.looked.comparison
      flows.formUnion(comparison.change.flows.map(\.name))
      if !comparison.isInstalled { first.insert(applying.target.name) }
    }
    return Lint.findings(in: policy, at: .current()).filter {
      flows.contains($0.subject) || !first.isDisjoint(with: $0.hosts)
        || $0.kind == .noManagement && !Set(lockedOut).isDisjoint(with: $0.hosts)
    }
  }

  /// What is risky in what hosts let pass that get a first ruleset; of the others the meaning says it.
  private func risks() throws(NotProven) -> [Risk] {
    guard let policy = targets.inventory?.policy else { return [] }
    let first = changing.filter { !$0.looked.comparison.isInstalled }
    if first.isEmpty { return [] }
    return try Risk.ofFirst(
      first.map { rulesets(of: $0.target, $0.looked) }, compiledFrom: policy, at: .current())
  }

  /// Which objects differ.
  private var differences: [HostDifference] {
    zip(targets.hosts, answers).map { target, answer in
      switch answer {
      case .success(let answer): HostDifference(host: target.name, outcome: .compared(answer.comparison))
      case .failure(let error): HostDifference(host: target.name, outcome: .failed(error))
      }
    }
  }

  /// Which connections open and close; `nil` where nothing was filtered, so that everything but the wanted closes,
  /// or where nothing differs.
  ///
  /// - Throws: ``ConnectionSpace/NotProven`` when the change is too large to be exact about it.
  private func meaning() throws(NotProven) -> ChangeMeaning? {
    let answering = answering
    let hosts = answering.map { rulesets(of: $0.target, $0.looked).withNothingKept }.filter {
      $0.old != [] || !$0.staying.isEmpty
    }
    guard hosts.contains(where: { $0.old != $0.new }) else { return nil }
    let policy = targets.inventory?.policy
    let diff = try ConnectionDiff(of: hosts, compiledFrom: policy, at: .current())
    let sources = targets.inventory?.sources ?? Sources(files: [])
    // Of a host that did not answer as little is known as of one that nobody asked.
    let asked = Set(answering.map(\.target.name))
    let unasked = targets.all.subtracting(asked).count
    var report = ChangeMeaning(
      diff: diff, old: sources, new: sources, takenForGranted: unasked,
      unfiltered: answering.count - hosts.count)
    report.closing = closing
    if let policy, unasked == 0, hosts.count == policy.hosts.count, let passage = diff.passage {
      report.reach = try ReachChange(of: hosts, passage, crowns: policy.crownNames)
    }
    return report
  }

  private var closing: [String: ClosingFlow] {
    let told = answering.map { (host: $0.target.name, looked: $0.looked) }
    let uses = FlowUsage.all(of: told.compactMap { one in one.looked.usage.map { (one.host, $0) } })
    return Dictionary(
      uses.map { usage in
        let sessions = told.compactMap { host, looked in
          looked.revoked?.flows.first { $0.flow == usage.flow }.map { (host: host, count: $0.sessions) }
        }
        let most = sessions.filter { $0.count > 0 }.max { $0.count < $1.count }
        return (usage.flow, ClosingFlow(usage: usage, sessions: most))
      }, uniquingKeysWith: { $1 })
  }

  func rulesets(of target: Target, _ answer: Answer) -> HostRulesets {
    let tables = answer.ruleset ?? [target.wanted]
    let own = tables.filter { $0.family == target.wanted.family && $0.name == target.wanted.name }
    let others = tables.filter { $0.family != target.wanted.family || $0.name != target.wanted.name }
    return HostRulesets(
      name: target.name, addresses: target.identity.addresses, carried: target.identity.carried,
      stray: unlisted[target.name] ?? [], old: own,
      new: [target.wanted.keeping(own.first)],
      staying: others.judging,
      routes: targets.inventory.flatMap { $0.policy.areas(ofHost: target.name) },
      flows: answer.comparison.change.flowRules)
  }
}

extension [Table] {
  /// Those that packets may be stopped by, or led elsewhere. What is not modelled of a table may do either, too.
  var judging: [Table] {
    filter { table in
      !table.others.isEmpty
        || table.chains.contains { $0.base != nil && !$0.rules.isEmpty || $0.base?.policy == .drop }
    }
  }
}

extension ChangeDescription {
  /// The flows it touches, as a compiled table has them.
  package var flowRules: Set<FlowRules> { Set(flows.map { FlowRules(flow: $0.name, chain: $0.chain) }) }
}
