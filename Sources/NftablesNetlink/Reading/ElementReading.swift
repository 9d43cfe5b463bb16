internal import CMnl
internal import CNftnl
internal import Netlink
public import Nftables

extension NftablesConnection {
  /// Those of some elements that a set has, as the kernel has them; so a small change to a large set is
  /// verified without listing the set.
  ///
  /// - Parameters:
  ///   - wanted: the set as it is declared, holding the elements to look for.
  ///   - family: that of the set's table.
  ///   - table: the name of the set's table.
  /// - Returns: the elements that were found with exactly these keys. A range of which only the
  ///   beginning was found has another end than the one looked for.
  /// - Throws: ``ReadError``.
  public func elements(
    _ wanted: NamedSet, family: Family, table: TableName
  ) throws(ReadError) -> SetElements {
    let doing = "read elements of set \(wanted.name) in table \(family) \(table)"
    var collector = ElementCollector(SetMessage(declared: wanted, family: family, table: table))
    let probes = ElementProbe.probes(for: wanted)
    var failure: MessageError?
    var position = 0
    while position < probes.count {
      let chunk = probes[position..<min(position + Self.probesAtOnce, probes.count)]
      var answered = 0
      do throws(NetlinkError) {
        try channel.ask(
          type: Self.type(NFT_MSG_GETSETELEM),
          payload: Self.request(chunk, wanted, family, table), doing: doing
        ) { message, bytes in
          guard answered < chunk.count, let object = ObjectMessage(message, in: bytes) else { return }
          let probe = chunk[chunk.startIndex + answered]
          answered += 1
          do throws(MessageError) {
            // An interval set answers with the range that holds the key.
            if try probe.matches(object, bytes) { try collector.add(object, in: bytes) }
          } catch { failure = failure ?? error }
        }
        position += chunk.count
      } catch .failed(.noEntry, _, _) {
        // The kernel answers up to the first key that is absent; an answer to none means that one.
        position += answered + 1
      } catch {
        throw .netlink(error)
      }
    }
    if let failure { throw .message(failure, doing: doing) }
    do throws(MessageError) {
      guard let elements = try collector.finish() else { throw MessageError.malformed }
      return elements
    } catch { throw .message(error, doing: doing) }
  }

  /// Each answer is a datagram of its own, and an unprivileged receive buffer holds some 250.
  private static let probesAtOnce = 100

  private static func request(
    _ probes: ArraySlice<ElementProbe>, _ set: NamedSet, _ family: Family, _ table: TableName
  ) -> [UInt8] {
    MessageWriter.request(family) { writer in
      writer.put(NFTA_SET_ELEM_LIST_TABLE, table.text)
      writer.put(NFTA_SET_ELEM_LIST_SET, set.name.text)
      let list = writer.beginNest(NFTA_SET_ELEM_LIST_ELEMENTS)
      for probe in probes { probe.put(into: &writer) }
      writer.endNest(list)
    }
  }
}

/// One key to look for.
struct ElementProbe {
  let key: [UInt8]
  let lastKey: [UInt8]?
  let isEnd: Bool

  static func probes(for set: NamedSet) -> [ElementProbe] {
    let elements = set.elements
    let hasEnds = set.flags.contains(.interval) && !set.flags.contains(.concatenated)
    var probes: [ElementProbe] = []
    for index in 0..<elements.count {
      let last = Array(elements.lastKey(index))
      let key = Array(elements.key(index))
      let isConcatenated = set.flags.contains(.concatenated)
      probes.append(ElementProbe(key: key, lastKey: isConcatenated ? last : nil, isEnd: false))
      if hasEnds, !last.allSatisfy({ $0 == 0xff }) {
        var writer = MessageWriter()
        writer.append(successorOf: last, 0, last.count)
        probes.append(ElementProbe(key: writer.bytes, lastKey: nil, isEnd: true))
      }
    }
    return probes
  }

  func put(into writer: inout MessageWriter) {
    let element = writer.beginNest(NFTA_LIST_ELEM)
    if isEnd { writer.put(NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END.rawValue) }
    let nest = writer.beginNest(NFTA_SET_ELEM_KEY)
    writer.put(NFTA_DATA_VALUE, key)
    writer.endNest(nest)
    if let lastKey {
      let nest = writer.beginNest(NFTA_SET_ELEM_KEY_END)
      writer.put(NFTA_DATA_VALUE, lastKey)
      writer.endNest(nest)
    }
    writer.endNest(element)
  }

  /// Whether an answer holds one element, of this very key and kind.
  func matches(_ object: ObjectMessage, _ bytes: [UInt8]) throws(MessageError) -> Bool {
    var fields = try object.fields(bytes)
    guard let list = fields.take(NFTA_SET_ELEM_LIST_ELEMENTS),
      let elements = AttributeCursor.elements(of: list, in: bytes), elements.count == 1,
      var element = Attributes(bytes, elements[0])
    else { throw .malformed }
    let flags = element.u32(NFTA_SET_ELEM_FLAGS) ?? 0
    return element.value(NFTA_SET_ELEM_KEY) == key
      && (flags & NFT_SET_ELEM_INTERVAL_END.rawValue != 0) == isEnd
  }
}
