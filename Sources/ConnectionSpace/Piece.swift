/// A part of a space for people: a rectangle, and what of it does not belong.
public struct Piece: Hashable, Sendable {
  public let rectangle: Rectangle
  /// Lies within the rectangle; empty when all of it belongs.
  public let except: ConnectionSpace

  package init(rectangle: Rectangle, except: ConnectionSpace) {
    self.rectangle = rectangle
    self.except = except
  }
}

extension ConnectionSpace {
  /// The space as rectangles that do not overlap, each of one family: few, and in an order that depends on
  /// nothing but the space.
  ///
  /// - Throws: ``NotProven`` when the budget is spent.
  public func rectangles() throws(NotProven) -> [Rectangle] {
    let entries = entries
    return try universe.operate { engine throws(NotProven) in
      var result: [Rectangle] = []
      for entry in entries { result += try engine.rectangles(entry.node, entry.section) }
      return result
    }
  }

  /// The space as a few pieces, of each section at most so many; together they are exactly the space.
  ///
  /// A wide rule minus all that other rules allow is thousands of rectangles, and to a person still the wide
  /// rule: it comes out as one piece with exceptions.
  ///
  /// - Parameters:
  ///   - limit: how many pieces a section may become; one or more.
  ///   - steps: how many intervals may be looked at, if that is less than the budget says: what only has many exceptions is
  ///     not plainer for it.
  /// - Throws: ``NotProven`` when the budget is spent.
  public func pieces(atMost limit: Int, steps: Int? = nil) throws(NotProven) -> [Piece] {
    precondition(limit > 0, "no pieces cannot be a space")
    let (entries, universe) = (entries, universe)
    return try universe.operate(atMost: steps) { engine throws(NotProven) in
      var result: [Piece] = []
      for entry in entries {
        for piece in try engine.pieces(entry.node, entry.section, atMost: limit) {
          let except = piece.except == 0 ? [] : [Entry(section: entry.section, node: piece.except)]
          result.append(
            Piece(rectangle: piece.rectangle, except: ConnectionSpace(universe, except)))
        }
      }
      return result
    }
  }
}
