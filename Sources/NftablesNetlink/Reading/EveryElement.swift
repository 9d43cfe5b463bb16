internal import CMnl
internal import CNftnl
internal import Netlink
public import Nftables

/// An element that rules may have made, as the kernel has it.
///
///     NFTA_SET_ELEM_KEY           nested: NFTA_DATA_VALUE
///     NFTA_SET_ELEM_TIMEOUT       u64, milliseconds: its own, where it is not the set's
///     NFTA_SET_ELEM_EXPIRATION    u64, milliseconds left
///     NFTA_SET_ELEM_EXPR          nested: an expression, where there is one
///     NFTA_SET_ELEM_EXPRESSIONS   nested: a list of them, where there are several
package struct ElementState: Hashable, Sendable {
  package let key: [UInt8]
  /// Milliseconds that it stays when it is made or updated; `nil`: as long as the set says.
  package let timeout: UInt64?
  /// Milliseconds until it goes by itself; `nil`: it does not.
  package let timeLeft: UInt64?
  /// What its first counter says.
  package let counter: CounterValues?

  package init(key: [UInt8], timeout: UInt64? = nil, timeLeft: UInt64?, counter: CounterValues?) {
    self.key = key
    self.timeout = timeout
    self.timeLeft = timeLeft
    self.counter = counter
  }

  /// - Returns: `nil` of an element without a key, and of what is no element.
  fileprivate init?(_ element: Range<Int>, in bytes: [UInt8]) {
    guard var fields = Attributes(bytes, element), let key = fields.value(NFTA_SET_ELEM_KEY) else {
      return nil
    }
    self.key = key
    timeout = fields.u64(NFTA_SET_ELEM_TIMEOUT)
    timeLeft = fields.u64(NFTA_SET_ELEM_EXPIRATION)
    var expressions: [Range<Int>] = []
    if let one = fields.take(NFTA_SET_ELEM_EXPR) {
      expressions = [one]
    } else if let list = fields.take(NFTA_SET_ELEM_EXPRESSIONS) {
      expressions = AttributeCursor.elements(of: list, in: bytes) ?? []
    }
    var counter: CounterValues?
    for range in expressions {
      guard var outer = Attributes(bytes, range), outer.text(NFTA_EXPR_NAME) == CounterExpression.name,
        var inner = outer.nest(NFTA_EXPR_DATA)
      else { continue }
      _ = CounterExpression.decode(&inner, &counter)
    }
    self.counter = counter
  }
}

extension NftablesConnection {
  /// How many elements a set holds, of which rules may add and the kernel remove some meanwhile: the
  /// elements of a `dynamic` set are not read with their table.
  ///
  /// - Throws: ``ReadError``.
  public func elementCount(of set: SetName, family: Family, table: TableName) throws(ReadError) -> Int {
    var count = 0
    try eachElement(of: set, family, table, doing: "count the elements") { _, _ in count += 1 }
    return count
  }

  /// The elements of a set with what the kernel counts of each, in no order: of a `dynamic` set those that it has while it
  /// is read, some of them perhaps twice.
  ///
  /// - Throws: ``ReadError``.
  package func elementStates(
    of set: SetName, family: Family, table: TableName
  ) throws(ReadError) -> [ElementState] {
    var states: [ElementState] = []
    try eachElement(of: set, family, table, doing: "read the elements") { element, bytes in
      if let state = ElementState(element, in: bytes) { states.append(state) }
    }
    return states
  }

  /// How long the longest-lived element of a set stays, as the kernel counts (`NFTA_SET_ELEM_EXPIRATION`,
  /// linux/netfilter/nf_tables.h).
  ///
  /// That an element has gone by itself moves no generation and is told to nobody: only this shows it.
  ///
  /// - Returns: milliseconds; `nil` when the set has no element that will go, or there is no such set.
  /// - Throws: ``ReadError``.
  package func timeLeft(of set: SetName, family: Family, table: TableName) throws(ReadError) -> UInt64? {
    try Self.retrying { () throws(ReadError) in
      var left: UInt64?
      do throws(ReadError) {
        try eachElement(of: set, family, table, doing: "read what is left") { element, bytes in
          guard var fields = Attributes(bytes, element), let time = fields.u64(NFTA_SET_ELEM_EXPIRATION)
          else {
            return
          }
          left = max(left ?? 0, time)
        }
      } catch .netlink(.failed(.noEntry, _, _)) {
        return nil
      }
      return left
    }
  }

  private func eachElement(
    of set: SetName, _ family: Family, _ table: TableName, doing what: String,
    _ body: (Range<Int>, [UInt8]) -> Void
  ) throws(ReadError) {
    let doing = "\(what) of set \(set) in table \(family) \(table)"
    var isMalformed = false
    do throws(NetlinkError) {
      try channel.dump(
        type: Self.type(NFT_MSG_GETSETELEM),
        payload: MessageWriter.request(family) { writer in
          writer.put(NFTA_SET_ELEM_LIST_TABLE, table.text)
          writer.put(NFTA_SET_ELEM_LIST_SET, set.text)
        }, doing: doing
      ) { message, bytes in
        guard let object = ObjectMessage(message, in: bytes) else { return }
        guard var fields = try? object.fields(bytes) else {
          isMalformed = true
          return
        }
        guard let list = fields.take(NFTA_SET_ELEM_LIST_ELEMENTS) else { return }
        var cursor = AttributeCursor(list)
        while let element = cursor.next(in: bytes.span) { body(element.payload, bytes) }
        isMalformed = isMalformed || cursor.isMalformed
      }
    } catch { throw .netlink(error) }
    if isMalformed { throw .message(.malformed, doing: doing) }
  }
}
