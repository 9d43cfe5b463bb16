internal import Addressing
package import AgentProtocol
internal import Artifacts
internal import Digest
internal import Fleet
internal import HostAgent
internal import Machine
internal import Nftables
internal import Signing

/// What became of what a host pulled.
package enum Pulled: Sendable {
  /// The host has what is there, or took it already.
  case nothingNew(Int64?)
  /// The ruleset is the one that is confirmed; nothing older is taken any more.
  case accepted(Int64, revision: Int)
  case confirmed(Int64, Armed, Confirmed)
  /// The bundle could not be reached any more through a new connection.
  case rolledBack(Int64, Armed, BundleUnread)
}

/// A host that looks for what it is to have. Whatever is read here is judged by the host's own code when it is asked for the change.
package struct Pull {
  /// What is to be put in force.
  package struct Found {
    /// The change, as it is shown and judged before it is tried.
    package let change: FleetChange
    let index: Int64
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

  /// - Throws: ``Machine/DirectoryRefusal``.
  package init(_ source: BundleSource) throws {
    self.source = source
    agent = try ThisMachine.agent()
    let place = try StateDirectory().path
    let name = "\(place)/pull-\(SHA256.hex(source.text.utf8).prefix(16)).etag"
    tag = source.isRemote ? (name, name + ".new") : nil
  }

  /// Reads what is new.
  ///
  /// - Parameters:
  ///   - name: of this host; `nil`: as is written down, or as its addresses say.
  ///   - allowsUnsigned: whether a host goes on that asks for no signatures.
  /// - Throws: ``BundleUnread``, ``AgentProtocol/AgentFailure``, ``Misuse``.
  package func look(as name: String?, allowsUnsigned: Bool) async throws -> Looked {
    let greeting = try agent.answer(Hello())
    if greeting.approvals == nil, !allowsUnsigned {
      throw AgentFailure(
        .unapproved, "this host asks for no signatures, and would take whatever lies there",
        remedy: "write whose signatures count into \(trust.path)/allowed_signers, or give --allow-unsigned")
    }
    let books = try agent.answer(History())
    guard let bytes = try source.index(unless: tag) else { return .done(.nothingNew(books.index)) }
    if books.indexDigest == SHA256.hex(bytes) { return .done(.nothingNew(books.index)) }
    guard let index = ChangeIndex(decoding: bytes) else {
      throw AgentFailure(.unapproved, "the index is damaged, or of another version", object: source.text)
    }
    let host = try host(name, in: index, greeting)
    let signed = SignedIndex(host: host.name, index: bytes, signatures: try source.signatures() ?? [])
    let confirmed = books.revisions.first { $0.number == books.confirmed }
    if books.trial == nil, confirmed?.digest == host.ruleset {
      let accepted = try agent.answer(Accept(signed))
      keepTag()
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
    return .found(Found(change: change, index: index.revision, table: table, signed: signed))
  }

  /// Tries what was found, and keeps it where the bundle can still be reached through a new connection.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``.
  package func apply(_ found: Found, seconds: Int, meaning: String) throws -> Pulled {
    let note = ChangeNote(why: "pulled from \(source.text)", meaning: meaning)
    let seen = try found.change.running.answers[0].get().seen
    let armed = try agent.answer(
      Arm(found.table, seen: seen, seconds: seconds, note: note, signed: found.signed))
    // Whoever confirms needs a moment of the time, too.
    let end = ContinuousClock.now + .seconds(max(1, seconds - 3))
    var last: BundleUnread
    repeat {
      do throws(BundleUnread) { _ = try source.index() } catch {
        last = error
        Programs.pause(.seconds(1))
        continue
      }
      let confirmed = try agent.answer(Confirm(token: armed.token, revision: armed.revision))
      keepTag()
      return .confirmed(found.index, armed, confirmed)
    } while ContinuousClock.now < end
    _ = try? agent.answer(EndTrial())
    return .rolledBack(found.index, armed, last)
  }

  /// Of what was taken, so that it is not asked for again.
  private func keepTag() {
    guard let tag, let bytes = try? Files.read(tag.new, atMost: 4096) else { return }
    try? Files.replace(tag.known, with: bytes)
    Files.remove(tag.new)
  }

  private func host(
    _ name: String?, in index: ChangeIndex, _ greeting: Greeting
  ) throws -> ChangeIndex.Host {
    if let name = try name ?? trust.host() {
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
