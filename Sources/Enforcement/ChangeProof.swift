package import AgentProtocol
package import Nftables
internal import NftablesNetlink
internal import RulesetDiff

extension LocalHost {
  /// Shows that the kernel has what it took.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure`` `.unproven`: whatever goes wrong here, the change took place.
  func prove(
    _ change: Change, of wanted: Table, _ before: FoundTable, generation: UInt32, _ kernel: any HostKernel,
    _ pause: Backoff
  ) throws(AgentFailure) {
    do throws(AgentFailure) {
      try ChangeProof(change, of: wanted, before.own?.table, generation: generation).check(kernel, pause)
    } catch {
      if error.code == .unproven { throw error }
      throw AgentFailure(
        .unproven, "the change was applied, and could not be read back: \(error.message)",
        object: error.object, element: error.element, errno: error.errno, remedy: Self.lookAgain,
        happened: .applied)
    }
  }

  private static let lookAgain = "look again: a diff says whether the host has it"
}

/// Shows that the kernel has what a change was to make of its table: that it took what was sent is no
/// proof of it.
package struct ChangeProof {
  /// From about here on listing whole sets is cheaper than asking for single elements.
  private static let mostElements = 2000

  private let change: Change
  private let wanted: Table
  private let generation: UInt32
  private let before: Table?

  /// - Parameters:
  ///   - before: what was read; its sets that the change does not touch are not read again.
  ///   - wanted: what the change was to make of the table that was read in the generation before.
  ///   - generation: the one that the change made.
  package init(_ change: Change, of wanted: Table, _ before: Table? = nil, generation: UInt32) {
    self.before = before
    self.change = change
    self.wanted = wanted
    self.generation = generation
  }

  /// - Throws: ``AgentProtocol/AgentFailure`` `.unproven`, or why the kernel could not be read.
  package func check(_ kernel: any HostKernel) throws(AgentFailure) { try check(kernel, Backoff()) }

  /// - Parameter pause: what has been waited so far for what this is a part of.
  func check(_ kernel: any HostKernel, _ pause: Backoff) throws(AgentFailure) {
    if let touched = touchedElements {
      do throws(ReadError) {
        if try hasElements(touched, kernel) { return }
      } catch { throw AgentFailure(error) }
    }
    try compare(kernel, pause)
  }

  private struct Touched {
    let set: NamedSet
    let isWanted: Bool
  }

  /// The elements of a change that touches nothing else, and few of them; `nil` otherwise.
  ///
  /// A range that goes and one that comes may share an end, so that what is found of the one tells
  /// nothing of the other: sets of ranges are compared whole.
  private var touchedElements: [Touched]? {
    guard change.transactions.count == 1 else { return nil }
    var touched: [Touched] = []
    var count = 0
    for operation in change.operations {
      switch operation {
      case .addElements(let set): touched.append(Touched(set: set, isWanted: true))
      case .deleteElements(let set): touched.append(Touched(set: set, isWanted: false))
      default: return nil
      }
      guard let set = touched.last?.set, !set.flags.contains(.interval) else { return nil }
      count += set.elements.count
    }
    return count <= Self.mostElements ? touched : nil
  }

  /// Whether the kernel has the elements that came and lacks those that went, at the generation that
  /// the change made. Everything else was read in the generation before, and nothing but the change
  /// lies between the two.
  private func hasElements(
    _ touched: [Touched], _ kernel: any HostKernel
  ) throws(ReadError) -> Bool {
    for part in touched {
      let found = try kernel.elements(part.set, family: change.family, table: change.table)
      let expected = part.isWanted ? part.set.elements : comingBack(part.set)
      if found != expected { return false }
    }
    // Asked last: had anything else moved the ruleset meanwhile, it would have another generation.
    return try kernel.generation() == generation
  }

  /// Of elements that went, those that came again with other data.
  private func comingBack(_ gone: NamedSet) -> SetElements {
    let added = change.operations.compactMap { operation -> SetElements? in
      if case .addElements(let set) = operation, set.name == gone.name { set.elements } else { nil }
    }
    guard let added = added.first else { return .none(keyLength: gone.elements.keyLength) }
    return added.selecting(
      (0..<added.count).filter { gone.elements.index(of: added.key($0)) != nil })
  }

  /// The sets that are as they were: nothing but the change lies between the generation before and the one it made.
  private var untouched: [NamedSet] {
    var touched: Set<SetName> = []
    for operation in change.operations {
      switch operation {
      case .deleteTable: return []
      case .addSet(let set), .addElements(let set), .deleteElements(let set): touched.insert(set.name)
      case .deleteSet(let name): touched.insert(name)
      default: break
      }
    }
    return before?.sets.filter { !touched.contains($0.name) } ?? []
  }

  /// Reads the table again, but for what is known of it.
  private func compare(_ kernel: any HostKernel, _ pause: Backoff) throws(AgentFailure) {
    var pause = pause
    let installed: InstalledTable?
    do throws(ReadError) {
      installed = try pause.reading { () throws(ReadError) in
        try kernel.table(wanted.family, wanted.name, knowing: (untouched, generation))
      }
    } catch {
      throw AgentFailure(error)
    }
    if TableDiff.change(from: installed, to: wanted).isEmpty { return }
    throw installed?.generation == generation
      ? AgentFailure(
        .unproven, "the kernel took the transaction but has something else than was sent; this is a defect",
        happened: .applied)
      : AgentFailure(
        .unproven, "the change was applied, and something else changed the table right after",
        remedy: "look again", happened: .applied)
  }
}
