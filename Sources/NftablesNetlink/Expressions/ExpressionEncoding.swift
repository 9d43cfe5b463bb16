internal import CMnl
internal import CNftnl
internal import Nftables

extension Expression {
  /// The expression in libnftnl's hands; `nil` for one that looks up a set, which needs more than itself, and for
  /// those that are put as they were read.
  func statement() throws(EncodingError) -> ExpressionHandle? {
    switch self {
    case .meta(let key, let into): try MetaExpression.encode(key, into: into)
    case .setMeta(let key, let from): try MetaExpression.encode(key, from: from)
    case .payload(let base, let offset, let length, let into):
      try PayloadExpression.encode(base, offset, length, into: into)
    case .compare(let sign, let register, let value):
      try CompareExpression.encode(sign, register, value)
    case .range(let negated, let register, let from, let to):
      try RangeExpression.encode(negated: negated, register, from: from, to: to)
    case .bitwise(let from, let into, let mask, let xor):
      try BitwiseExpression.encode(from: from, into: into, mask: mask, xor: xor)
    case .shift(let from, let into, let length, let left, let bits):
      try BitwiseExpression.encodeShift(from: from, into: into, length: length, left: left, bits: bits)
    case .byteorder(let from, let into, let toNetwork, let length, let size):
      try ByteorderExpression.encode(
        from: from, into: into, toNetwork: toNetwork, length: length, size: size)
    case .immediate(let register, let value): try ImmediateExpression.encode(register, value)
    case .verdict(let verdict): try ImmediateExpression.encode(verdict)
    case .conntrack(let key, let direction, let into):
      try ConntrackExpression.encode(key, direction, into: into)
    case .setConntrack(let key, let direction, let from):
      try ConntrackExpression.encode(key, direction, from: from)
    case .counter: try CounterExpression.encode()
    case .limit(let limit): try LimitExpression.encode(limit)
    case .log(let log): try LogExpression.encode(log)
    case .reject(let reject): try RejectExpression.encode(reject)
    case .dynamicSet(let update): try DynamicSetExpression.encode(update)
    case .fib(let result, let flags, let into): try FibExpression.encode(result, flags, into: into)
    case .lookup, .matchExtension, .targetExtension, .opaque: nil
    }
  }

  /// Appends the expression to a rule's list.
  ///
  /// - Parameter inlineSet: name and number of the anonymous set, if the expression looks up one.
  func append(
    to message: borrowing MessageScratch, inlineSet: (name: String, id: UInt32)?
  ) throws(EncodingError) {
    if case .opaque(let name, let attributes) = self {
      guard attributes.count + name.utf8.count < message.room else { throw .ruleTooLong }
      let element = message.beginNest(NFTA_LIST_ELEM)
      message.put(NFTA_EXPR_NAME, name)
      if !attributes.isEmpty { message.put(NFTA_EXPR_DATA, nested: attributes) }
      message.endNest(element)
      return
    }
    if let held = ExtensionExpression.parts(of: self) {
      guard held.count < message.room else { throw .ruleTooLong }
      let element = message.beginNest(NFTA_LIST_ELEM)
      held.put(into: message)
      message.endNest(element)
      return
    }
    guard message.room > 0 else { throw .ruleTooLong }
    let handle: ExpressionHandle
    if case .lookup(let set, let register, let negated, let into) = self {
      let reference: (String, UInt32?) =
        switch set {
        case .named(let name): (name.text, nil)
        case .inline: (inlineSet?.name ?? "", inlineSet?.id)
        }
      handle = try LookupExpression.encode(reference, register, negated: negated, into: into)
    } else {
      guard let plain = try statement() else { return }
      handle = plain
    }
    let element = message.beginNest(NFTA_LIST_ELEM)
    handle.build(into: message)
    message.endNest(element)
  }
}
