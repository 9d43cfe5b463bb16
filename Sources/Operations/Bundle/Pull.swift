internal import Addressing
package import AgentProtocol
internal import Artifacts
internal import Digest
internal import Fleet
internal import HostAgent
internal import Machine
internal import Nftables
internal import Signing
internal import SystemPackage

/// What became of what a host pulled.
package enum Pulled: Sendable {
  /// The host has what is there, or took it already.
  case nothingNew(Int64?)
  /// The ruleset is the one that is confirmed; nothing older is taken any more.
  case accepted(Int64, revision: Int)
  case confirmed(Int64, Armed, Confirmed)
  /// The bundle could not be reached any more through a new connection.
  case rolledBack(Int64, Armed, BundleUnread)
  /// The same index was on trial here before, and nothing confirmed it.
  case triedBefore
}

/// A host that looks for what it is to have. Whatever is read here is judged by the host's own code when it is asked for the change.
package struct Pull {
  /// What is to be put in force.
  package struct Found {
    /// The change, as it is shown and judged before it is tried.
    package let change: FleetChange
    let index: Int64
    /// Of the index.
    let digest: String
    let table: Table
    let signed: SignedIndex
  }

  /// What there is to do.
  package enum Looked {
    case done(Pulled)
    case found(Found)
  }

  private let source: BundleSource
  private let agent: AgentHere
  private let trust = TrustedSigners()
  /// Where the tag of the index that was taken last is kept, and that of this one.
  private let tag: (known: String, new: String)?
  /// Where the digest of an index stands that was put on trial and is not confirmed, and as which host: a timer must not cut the
  /// host off again every few minutes, whatever ended the trial, this process' death included.
  private let tried: String
  /// Where the name stands of the host as which this machine has taken the last index: one that gets another has taken nothing yet.
  private let taken: String

  /// - Throws: ``Machine/DirectoryRefusal``.
  package init(_ source: BundleSource) throws {
    self.source = source
    agent = try ThisMachine.agent()
    let place = try StateDirectory().path
    let name = "\(place)/pull-\(SHA256.hex(source.text.utf8).prefix(16))"
    tag = source.isRemote ? (name + ".etag", name + ".etag.new") : nil
    tried = name + ".tried"
    taken = name + ".host"
  }

  /// Reads what is new.
  ///
  /// - Parameters:
  ///   - name: of this host; `nil`: as is written down, or as its addresses say.
  ///   - allowsUnsigned: whether a host goes on that asks for no signatures.
  ///   - triesAgain: whether an index is tried that was on trial here and not confirmed.
  /// - Throws: ``BundleUnread``, ``AgentProtocol/AgentFailure``, ``Misuse``.
  package func look(as name: String?, allowsUnsigned: Bool, triesAgain: Bool) async throws -> Looked {
    let greeting = try agent.answer(Hello())
    _ = try trust.requirement()
    if greeting.approvals == nil, !allowsUnsigned {
      throw AgentFailure(
        .unapproved, "this host asks for no signatures, and would take whatever lies there",
        remedy: "write whose signatures count into \(trust.path)/allowed_signers, or give --allow-unsigned")
    }
    let books = try agent.answer(History())
    let name = try name ?? trust.host()
    let isOther = if let name, let last = try kept(taken) { last != name } else { false }
    // One that somebody has confirmed by hand meanwhile has not failed.
    let failed = triesAgain ? nil : try lastTried(as: name).flatMap { $0 == books.indexDigest ? nil : $0 }
    if let tag { Files.remove(tag.new) }
    guard let bytes = try source.index(unless: triesAgain || isOther ? nil : tag) else {
      if failed != nil { return .done(.triedBefore) }
      try await requireEnforced(books)
      return .done(.nothingNew(books.index))
    }
    let digest = SHA256.hex(bytes)
    if books.indexDigest == digest, !isOther {
      try await requireEnforced(books)
      return .done(.nothingNew(books.index))
    }
    if digest == failed { return .done(.triedBefore) }
    guard let index = ChangeIndex(decoding: bytes) else {
      throw AgentFailure(.unapproved, "the index is damaged, or of another version", object: source.text)
    }
    let host = try host(name, in: index, greeting)
    let signed = SignedIndex(host: host.name, index: bytes, signatures: try source.signatures() ?? [])
    let confirmed = books.revisions.first { $0.number == books.confirmed }
    if books.trial == nil, confirmed?.digest == host.ruleset {
      try await requireEnforced(books)
      let accepted = try agent.answer(Accept(signed))
      settle(as: host.name)
      return .done(.accepted(index.revision, revision: accepted.revision))
    }
    let ruleset = try source.ruleset(host.ruleset)
    guard SHA256.hex(ruleset) == host.ruleset else {
      throw AgentFailure(
        .unapproved, "the ruleset is not the one that the index names",
        object: BundleWrite.path(ofRuleset: host.ruleset), remedy: "publish the bundle anew")
    }
    let table = try OneTable.read(ruleset, host.name)
    let agent = agent
    var target = Target(
      name: host.name, wanted: table, reach: .here { agent }, identity: .thisMachine(host.name),
      patience: Patience())
    target.signed = signed
    let change = try await FleetChange(
      of: Targets(hosts: [target], all: Set(index.hosts.map(\.name)), inventory: nil))
    return .found(Found(change: change, index: index.revision, digest: digest, table: table, signed: signed))
  }

  /// Tries what was found, and keeps it where the bundle can still be reached through a new connection.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``: `.moved` where it went back, and somebody has changed what was there before.
  package func apply(_ found: Found, seconds: Int, meaning: String) async throws -> Pulled {
    let note = ChangeNote(why: "pulled from \(source.text)", meaning: meaning)
    let seen = try found.change.running.answers[0].get().seen
    let armed = try agent.answer(
      Arm(found.table, seen: seen, seconds: seconds, note: note, signed: found.signed))
    try Files.replace(tried, with: Array("\(found.digest) \(found.signed.host)".utf8))
    // Whoever confirms needs a moment of the time, too.
    let end = ContinuousClock.now + .seconds(max(1, seconds - 3))
    var last: BundleUnread
    repeat {
      // What begins when the trial is over goes by the rules from before, and proves nothing.
      let left = max(1, Int((end - .now).components.seconds))
      do throws(BundleUnread) { try source.reach(tag, within: min(120, left)) } catch {
        last = error
        Programs.pause(.seconds(1))
        continue
      }
      do throws(AgentFailure) {
        let confirmed = try agent.answer(Confirm(token: armed.token, revision: armed.revision))
        settle(as: found.signed.host)
        return .confirmed(found.index, armed, confirmed)
      } catch {
        if error.code != .noTrial { throw error }
        last = BundleUnread(
          object: source.text, reason: "it came about when the trial was over already", isMissing: false)
        break
      }
    } while ContinuousClock.now < end
    if (try? agent.answer(EndTrial())) == nil, try agent.answer(History()).confirmed == armed.revision {
      // Somebody else has confirmed it.
      settle(as: found.signed.host)
      return .accepted(found.index, revision: armed.revision)
    }
    keepTag()
    try await found.change.running.targets.hosts[0].requireStanding(behind: armed, as: seen, because: last)
    return .rolledBack(found.index, armed, last)
  }

  /// The books say what is confirmed, and not what the kernel has: a timer that finds nothing new must not be content with a host
  /// that enforces nothing. Whoever has stopped it meant that.
  private func requireEnforced(_ books: Books) async throws {
    if books.trial != nil { return }
    let agent: any Agent = agent
    if try await agent.ask(Status()).stop != nil { return }
    let any = Table(family: .inet, name: "sekisho", chains: [], sets: [])
    try await agent.requireStanding(as: nil, wanted: any)
  }

  private func settle(as host: String) {
    keepTag()
    try? Files.replace(taken, with: Array(host.utf8))
    Files.remove(tried)
  }

  /// The digest of the index that was tried last and is not confirmed; `nil`: none, or as another host than this one.
  private func lastTried(as name: String?) throws -> String? {
    let words = try kept(tried)?.split(separator: " ") ?? []
    if let name, words.count > 1, words[1] != name { return nil }
    return words.first.map(String.init)
  }

  /// What stands in a file of this room; `nil`: there is none.
  private func kept(_ path: String) throws -> String? {
    do { return String(decoding: try Files.read(path, atMost: 4096), as: UTF8.self) } catch let error
      where error.errno == .noSuchFileOrDirectory
    { return nil }
  }

  /// Of what was taken or tried, so that it is not asked for again.
  private func keepTag() {
    guard let tag, let bytes = try? Files.read(tag.new, atMost: 4096) else { return }
    try? Files.replace(tag.known, with: bytes)
    Files.remove(tag.new)
  }

  private func host(
    _ name: String?, in index: ChangeIndex, _ greeting: Greeting
  ) throws -> ChangeIndex.Host {
    if let name {
      if let host = index.host(name) { return host }
      throw Misuse("the bundle has no host \(name)")
    }
    let own = Set(greeting.addresses)
    let found = index.hosts.filter { host in
      host.addresses.contains { text in (try? Address(parsing: text)).map(own.contains) ?? false }
    }
    if found.count == 1 { return found[0] }
    throw Misuse(
      "this machine has the addresses of \(found.isEmpty ? "no host" : "several hosts") of the bundle; say which it is: "
        + "--host NAME, or its name in \(trust.path)/host")
  }
}
