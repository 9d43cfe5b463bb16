import Nftables

/// Table `inet sekisho` with many addresses, as `bare_send` makes it by hand.
struct LargeTable {
  let services: Int
  let perService: Int
  /// Declared size of each set of addresses.
  let size: UInt32
  /// In network order, by service.
  let addresses: [UInt32]

  init(services: Int, perService: Int) {
    self.services = services
    self.perService = perService
    var size: UInt32 = 16
    while Int(size) < 2 * perService { size *= 2 }
    self.size = size
    // Multiplying by an odd number scatters them over 10.0.0.0/8 without a duplicate.
    addresses = (0..<UInt32(services * perService)).map {
      (0x0a00_0000 | ($0 &* 0x9e37_79b1 & 0x00ff_ffff)).bigEndian
    }
  }

  var count: Int { services * perService }

  /// - Parameter more: addresses on top, all in the last set.
  func table(adding more: [UInt32] = []) throws -> Table {
    var chains = [
      Chain(
        name: "input", base: BaseChain(hook: .input, policy: .accept),
        rules: [try Rule([.vmap(.concatenation([.l4Proto, .thDport]), "in")], in: .inet)])
    ]
    var sets: [NamedSet] = []
    var ports: [UInt8] = []
    var verdicts: [Verdict] = []
    for service in 0..<services {
      let chain = try ChainName("in.s\(service)")
      let set = try SetName("s\(service).v4")
      chains.append(
        Chain(name: chain, rules: [try Rule([.match(.ipSaddr, .named(set)), .counter, .accept], in: .inet)]))
      var keys: [UInt8] = []
      let own = addresses[service * perService..<(service + 1) * perService]
      for address in own + (service == services - 1 ? more : []) {
        withUnsafeBytes(of: address) { keys += $0 }
      }
      sets.append(
        NamedSet(
          name: set, key: [.ipv4Address], size: size, elements: SetElements(keyLength: 4, keys: keys)))
      let port = UInt16(1000 + service)
      ports += [6, 0, 0, 0, UInt8(port >> 8), UInt8(port & 0xff), 0, 0]
      verdicts.append(.jump(chain))
    }
    sets.append(
      NamedSet(
        name: "in", key: [.inetProto, .inetService], data: [.verdict], size: 64,
        elements: SetElements(keyLength: 8, keys: ports, payload: .verdicts(verdicts))))
    return Table(family: .inet, name: "sekisho", chains: chains, sets: sets)
  }
}
