import Addressing
import ConnectionSpace
import PolicyFixtures
import Testing

/// Spaces as rectangles and pieces for people.
@Suite struct PieceTests {
  @Test func `rectangles cover a space exactly and do not overlap`() throws {
    var random = SeededGenerator(seed: 41)
    for round in 0..<300 {
      let universe = Universe()
      let small = SmallSpace(&random, place: round % 3, atMost: 10).rectangles
      let space = try universe.space(of: small + (round.isMultiple(of: 5) ? AlgebraTests.wide(&random) : []))
      let rectangles = try space.rectangles()
      #expect(try universe.space(of: rectangles) == space)
      var total = Volume.zero
      for rectangle in rectangles { total += try universe.space(of: [rectangle]).volume }
      #expect(total == space.volume)
    }
  }

  @Test(arguments: [1, 2, 5])
  func `pieces are exactly the space, and no more than wanted`(limit: Int) throws {
    var random = SeededGenerator(seed: UInt64(limit))
    for round in 0..<150 {
      let universe = Universe()
      let space = try universe.space(of: SmallSpace(&random, place: round % 3, atMost: 12).rectangles)
      let pieces = try space.pieces(atMost: limit)
      #expect(pieces.count <= limit * space.sections.count)
      var whole = universe.empty
      for piece in pieces {
        let hull = try universe.space(of: [piece.rectangle])
        #expect(try piece.except.isSubset(of: hull))
        #expect(try piece.except.intersection(space).isEmpty)
        whole = try whole.union(hull.subtracting(piece.except))
      }
      #expect(whole == space)
    }
  }

  @Test func `one rectangle is one rectangle however it was put together`() throws {
    let universe = Universe()
    let addresses = (1...40).map { Address(.ipv4, 0x0a00_0000 + UInt128($0 * 3)) }
    let rectangle = Rectangle(
      .ingress, .tcp, from: AddressSet(addresses[..<20]), to: AddressSet(addresses[20...]),
      .ports(PortSet([22...22, 8000...8100])))
    var random = SeededGenerator(seed: 8)
    var single: [Rectangle] = []
    for source in addresses[..<20] {
      for destination in addresses[20...] {
        single.append(
          Rectangle(
            .ingress, .tcp, from: AddressSet([source]), to: AddressSet([destination]), rectangle.kinds))
      }
    }
    let space = try universe.space(of: single.shuffled(using: &random))
    #expect(try space.rectangles() == [rectangle])
    #expect(try space.pieces(atMost: 1).map(\.rectangle) == [rectangle])
  }

  @Test func `a wide rule that others pierce is one piece with exceptions`() throws {
    let universe = Universe()
    var random = SeededGenerator(seed: 12)
    let wide = Rectangle(.ingress, .tcp, from: AddressSet(ipv4: .all), to: AddressSet(ipv4: .all), .any)
    let others = (0..<200).map { number in
      func some() -> AddressSet {
        AddressSet((0..<10).map { _ in Address(.ipv4, UInt128.random(in: 0...0xffff_ffff, using: &random)) })
      }
      let port = UInt16.random(in: 1...9999, using: &random)
      return Rectangle(.ingress, .tcp, from: some(), to: some(), .ports(PortSet([port...port])))
    }
    let remaining = try universe.space(of: others)
    let closed = try universe.space(of: [wide]).subtracting(remaining)
    #expect(try closed.rectangles().count > 200)
    let pieces = try closed.pieces(atMost: 8)
    #expect(pieces.map(\.rectangle) == [wide])
    #expect(pieces.map(\.except) == [remaining])
  }
}
