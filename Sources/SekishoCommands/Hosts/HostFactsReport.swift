internal import Addressing
internal import AgentProtocol
internal import ConnectionDiff
internal import Diagnostics
internal import Nftables
internal import Operations
internal import Policy
internal import RulesetSpace

// What there is to know of hosts beside what changes on them.

extension [HostFacts] {
  /// As chapters, none of them empty.
  var chapters: [Chapter] {
    let chapters = [
      Chapter(.facts, "On trial", compactMap(\.trialEntry)),
      Chapter(
        .facts, "Stopped",
        compactMap { facts in facts.stop.map { Entry(.risk, Words("\(facts.host): \($0.sentence)")) } }),
      Chapter(.facts, "Not in the books", compactMap(\.bookEntry)),
      Chapter(.facts, "Sessions that the new rules do not allow", compactMap(\.sessionEntry)),
      Chapter(.facts, "Records", flatMap(\.recordEntries)),
      Chapter(.facts, "Led elsewhere than asked for", flatMap(\.translationEntries)),
      Chapter(
        .facts, "Addresses",
        flatMap { facts in
          (facts.stray?.sentences ?? []).map { Entry(.risk, "\(facts.host) \($0)") } + facts.mistakenEntries
        }),
    ]
    return chapters.filter { !$0.entries.isEmpty }
  }
}

extension HostFacts {
  /// More of them are counted; all are in the JSON.
  private static let mostTranslations = 12

  /// `> any IPv4 → a  tcp/8080 is led to 172.17.0.2:80 by table ip nat and passes through`.
  var translationEntries: [Entry] {
    let more = translations.count - Self.mostTranslations
    return translations.prefix(Self.mostTranslations).map(\.entry)
      + (more > 0
        ? [Entry(.led, "\(host): \(counted(more, "more", "more")) (sekisho read --allows tells all)")] : [])
      + (translationsNotProven.map { reason in
        [Entry(.risk, "\(host): what its tables lead elsewhere is \(reason)")]
      } ?? []) + (publishesUnfiltered ? [unfiltered] : [])
  }

  fileprivate var mistakenEntries: [Entry] {
    mistakenForContainers.map {
      Entry(
        .risk,
        "\(host) has its address \($0) on a link that is called like a bridge of containers: what comes by it passes as theirs (`containers: {bridges: …}` names those that are)"
      )
    }
  }

  private var unfiltered: Entry {
    Entry(
      .risk,
      "\(host) publishes what no flow says anything about: the inventory leaves its forwarding alone (`forwarding: containers` judges it by the flows to \(host))"
    )
  }

  fileprivate var trialEntry: Entry? {
    trialLeft.map { left in
      Entry(
        .risk,
        "\(host): a change is on trial for another \(String((left + 999) / 1000)) s; what is compared here are the rules that it goes back to"
      )
    }
  }

  fileprivate var bookEntry: Entry? {
    !bootsOtherwise
      ? nil
      : Entry(
        .risk,
        "\(host) has these rules and would not boot with them: its books do not have them as confirmed (an apply writes them there)"
      )
  }

  /// `- a: 3 sessions (b-web 2, no flow 1)`.
  fileprivate var sessionEntry: Entry? {
    guard let revoked, revoked.sessions > 0 else { return nil }
    return Entry(
      .closes, "\(host): \(counted(revoked.sessions, "session")) (\(revoked.flowWords))")
  }

  fileprivate var recordEntries: [Entry] { recorded.map { $0.entry(at: host, owners) } }
}

extension TranslationLine {
  /// Nowhere else than in the ruleset is it written.
  var entry: Entry {
    let line = line.entry(.changes, Sources(files: []), tellsFamily: false)
    return Entry(.led, ends: line.ends, line.words + Words(" \(words)"))
  }
}

extension Mark {
  /// Goes elsewhere than it was asked for.
  static let led = Mark(sign: ">", role: .changes)
}

// MARK: - JSON

/// The same for programs.
struct HostFactsJSON: Encodable {
  let host: String
  /// Addresses of the machine that the inventory gives to nobody, and to others.
  let unlistedAddresses: [String]
  let addressesOfOthers: [String: String]
  let translations: [TranslationJSON]
  let translationsNotProven: String?
  let addressesTakenForContainers: [String]
  /// Whether some of them lead past the host to where nothing of Sekisho's filters.
  let publishesUnfiltered: Bool
  /// What was recorded where it was only observed, and is denied from now on.
  let deniedFromNowOn: [DeniedJSON]
  /// Milliseconds.
  let trialLeft: UInt64?
  let stop: StopStatus?
  /// Whether it has what is wanted and boots with something else.
  let bootsOtherwise: Bool
  /// Sessions that the new rules do not allow.
  let revokedSessions: CutReport?

  init(_ facts: HostFacts) {
    host = facts.host
    trialLeft = facts.trialLeft
    stop = facts.stop
    bootsOtherwise = facts.bootsOtherwise
    revokedSessions = facts.revoked
    unlistedAddresses = facts.stray?.unknown.map(\.description) ?? []
    addressesOfOthers = Dictionary(
      uniqueKeysWithValues: (facts.stray?.foreign ?? []).map { ("\($0.address)", $0.owner) })
    translations = facts.translations.map { TranslationJSON($0) }
    translationsNotProven = facts.translationsNotProven
    publishesUnfiltered = facts.publishesUnfiltered
    addressesTakenForContainers = facts.mistakenForContainers.map(\.description)
    deniedFromNowOn = facts.recorded.map { DeniedJSON($0) }
  }
}

/// Connections that a rule leads elsewhere, for programs.
struct TranslationJSON: Encodable {
  let direction: String
  let connections: LineJSON
  let target: String
  let table: String
  let chain: String
  let rule: Int
  let way: String
  let isSure: Bool
  /// Links by which packets have to come, and by which they must not.
  let onlyBy: [String]?
  let notBy: [String]?
  let passes: String
  let isUnfiltered: Bool

  init(_ translation: TranslationLine) {
    direction = translation.direction.rawValue
    connections = LineJSON(translation.line, Sources(files: []))
    target = translation.target
    table = translation.rule.table
    chain = translation.rule.chain.text
    rule = translation.rule.index + 1
    switch translation.way {
    case .here: way = "here"
    case .onward: way = "onward"
    case .either: way = "either"
    }
    isSure = translation.isSure
    switch translation.links {
    case .any: (onlyBy, notBy) = (nil, nil)
    case .only(let names): (onlyBy, notBy) = (names, nil)
    case .allBut(let names): (onlyBy, notBy) = (nil, names)
    }
    passes = translation.passing.rawValue
    isUnfiltered = translation.isUnfiltered
  }
}
