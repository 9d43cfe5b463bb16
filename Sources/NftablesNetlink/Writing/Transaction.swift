internal import CMnl
internal import CNftnl
internal import Netlink
public import Nftables

extension NftablesConnection {
  /// Carries out a change in one transaction: all of it, or nothing.
  ///
  /// Which answers are asked for, and what they prove (net/netfilter/nfnetlink.c):
  /// - Errors come without being asked for, one for every message that failed. The kernel goes on
  ///   behind a failed message, so there can be several; one is enough to undo the whole batch.
  /// - An acknowledgement of a message only says that it was read; the batch may fail behind it.
  /// - The end's acknowledgement says that the batch was carried out, but older kernels never
  ///   send it (Debian 12's 6.1 does not, 6.18 does). There, and only there, the last message's acknowledgement, no
  ///   error, and a generation that moved on stand in for it.
  /// - Nothing else is acknowledged. An unprivileged receive buffer of 212,992 bytes holds some 250
  ///   answers; one for each of 10,000 rules would overflow it and take an error with it.
  /// - A batch that the kernel discards (it does so silently when the end is missing) answers nothing,
  ///   or has not moved the generation: that is a failure too.
  ///
  /// The kernel works on the batch inside the call that sends it, so afterwards all answers wait.
  ///
  /// - Parameters:
  ///   - change: what to do in one transaction, in an order the kernel accepts; an empty one sends nothing. One of
  ///     several transactions is a programming error: see ``Nftables/Change/steps``.
  ///   - generation: the generation that the change was made for; a ruleset that has moved on is left
  ///     as it is. `nil` applies to whatever is there.
  /// - Returns: the generation that the change made, or found when it changed nothing.
  /// - Throws: ``CommitError``.
  @discardableResult
  public func commit(
    _ change: Change, expecting generation: UInt32?
  ) throws(CommitError) -> UInt32 {
    precondition(change.transactions.count <= 1, "a change of several transactions is sent step by step")
    let before = try current()
    if let generation, generation != before { throw .moved(expected: generation) }
    if change.isEmpty { return before }
    let first = channel.nextSequence()
    var batch = BatchWriter(change, firstSequence: first)
    batch.begin(expecting: generation)
    for (index, operation) in change.operations.enumerated() {
      batch.startOperation(index)
      do throws(EncodingError) {
        try batch.put(operation)
      } catch {
        let table = "table \(change.family) \(change.table)"
        throw .unencodable(object: operation.object(in: table), error)
      }
    }
    batch.end()
    channel.advance(past: batch.lastSequence)
    let bytes = batch.writer.bytes
    let answers: (answers: [Acknowledgement], overrun: Bool)
    do throws(NetlinkError) { answers = try channel.exchange(bytes) } catch { throw .netlink(error) }
    let mapping = RefusalMapping(change: change, parts: batch.parts, batch: bytes)
    try judge(answers, mapping, begin: first, expecting: generation)
    return try settle(
      answers, before, expecting: generation, end: batch.lastSequence,
      last: batch.parts.last?.sequence ?? first)
  }

  /// Finds the errors among the answers.
  private func judge(
    _ answers: (answers: [Acknowledgement], overrun: Bool), _ mapping: RefusalMapping, begin: UInt32,
    expecting generation: UInt32?
  ) throws(CommitError) {
    var refusals: [KernelRefusal] = []
    for answer in answers.answers {
      guard let code = answer.error else { continue }
      if answer.sequence == begin {
        if code == .restart, let generation { throw .moved(expected: generation) }
        if code == .perm { throw .netlink(.failed(code, doing: "change the ruleset", extended: answer.text)) }
      }
      refusals.append(mapping.refusal(answer, code))
    }
    if !refusals.isEmpty { throw .refused(refusals) }
  }

  /// Without an error: whether the batch was carried out.
  private func settle(
    _ answers: (answers: [Acknowledgement], overrun: Bool), _ before: UInt32,
    expecting generation: UInt32?, end: UInt32, last: UInt32
  ) throws(CommitError) -> UInt32 {
    if answers.overrun { throw .uncertain }
    let after = try current()
    let isEndAcknowledged = answers.answers.contains { $0.sequence == end }
    let isLastAcknowledged = answers.answers.contains { $0.sequence == last }
    // A batch that had nothing to do is carried out without a new generation.
    guard isLastAcknowledged, isEndAcknowledged || after != before else { throw .discarded }
    guard after != before, let generation else { return after }
    // Somebody may have changed the ruleset since; the generation after the expected one is ours.
    return generation == .max ? 1 : generation + 1
  }

  private func current() throws(CommitError) -> UInt32 {
    do throws(NetlinkError) { return try generation() } catch { throw .netlink(error) }
  }
}
