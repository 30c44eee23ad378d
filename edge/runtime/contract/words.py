"""What each field of the contract means, in English and Chinese, with an example.

By its name, or by `Message.name` where the same name means something else there.
"""

from typing import Any, NamedTuple


class Word(NamedTuple):
    """One field's meaning."""

    en: str
    zh: str
    example: Any


_TOKEN, _SKELETON = "6c7f0b1e5d9a42c38e10f4a7b2d96035", "0f3a9c5e71d24b86a9e0c3d5f7182b4c"
_URL = "https://files.example/GD-2026-000123.pdf"
_SECOND = "b81f4d0e93c2475aa6d70e1f58c3927d"
_DIGEST = "3b64db95cb55c763391c707108489ae18b4112d783300de38e033b4c98c3deaf"

WORDS: dict[str, Word] = {
    # --- who and what ---
    "order_id": Word("order", "订单号", "GD-2026-000123"),
    "Rejected.order_id": Word("order, null where none is known", "订单号；未知则为 null", None),
    "lot": Word("lot: of a manifest, or of documents handed over together", "批号", "GZ-20261125-01"),
    "version": Word(
        "rises with each version of the same lot; an old one after a new one is refused", "同一批的版本号，只升不降", 1
    ),
    "Cancel.version": Word("rises with each amendment of the order", "该订单的变更版本号，只升不降", 2),
    "Amend.version": Word("rises with each amendment or cancellation of the order", "该订单的变更版本号，只升不降", 1),
    "Amendment.version": Word("as in the amendment", "变更消息中的版本号", 1),
    "Amendment.code": Word(
        "AMENDED, OLD_VERSION, TOO_LATE (a document of it is on the line, or it has ended), UNROUTABLE or UNKNOWN_ORDER",
        "变更结果",
        "AMENDED",
    ),
    "Cancellation.version": Word("as in the cancellation", "撤单消息中的版本号", 2),
    "Booted.version": Word("version of the controller's software", "控制器软件版本", "0.1.0"),
    "document": Word("document on the line: PLC's boot and handle", "线上证件编号(PLC启动号-句柄)", "D3-17"),
    "documents": Word("the documents", "证件", None),
    "Rejected.documents": Word("documents inside, comma-separated", "信封内证件编号，逗号分隔", "D3-17"),
    "LotReceived.documents": Word("number of documents on the list", "清单上的证件数", 120),
    "item": Word("item: one envelope's worth; PLC's boot and handle", "信封编号(PLC启动号-句柄)", "I3-9"),
    "LabelVoid.item": Word("item, null for a print of another release", "信封编号；其他版本打印的则为 null", "I3-9"),
    "print_id": Word("one physical print of a label; used once, ever", "面单打印号，永不重复", 4711),
    "tracking_number": Word(
        "tracking number in one of the line's forms: UPU S10 with its check digit, or a domestic one",
        "邮件号码：本线配置的格式之一(UPU S10 含校验位，或国内格式)",
        "EA473124829CN",
    ),
    "bag": Word("tag of the bag", "袋牌号", "B-0007"),
    "Cancellation.bag": Word('bag in which the item is, "" = it is in none', "所在袋；空=不在袋中", "B-0007"),
    "chute": Word("chute", "格口", 2),
    "person": Word("person at the panel", "操作人", "P07"),
    "lead": Word('shift lead who signed the differences, "" = there are none', "签字的班组长；空=无差异", "L01"),
    "second": Word("second person", "复核人", "P11"),
    "operator": Word("code of the operating unit", "经办单位代码", "OP01"),
    "issuer": Word("issuing office that handed the documents over", "移交的制证单位", "GZ-PSB-03"),
    # --- documents as tokens ---
    "kind": Word("kind of document", "证件种类", "resident_id"),
    "token": Word(
        "HMAC-SHA-256 over number:<kind>:<number> with the site key, first 128 bits, hex",
        "证件号码令牌：以站点密钥对 number:<kind>:<number> 作 HMAC-SHA-256，取前128位，十六进制",
        _TOKEN,
    ),
    "skeleton": Word("the same over skeleton:<kind>:<number with look-alikes folded>", "易混字符归并后的号码令牌", _SKELETON),
    "second_field": Word(
        'the same over birth:<kind>:<folded number>:<YYMMDD>, or expiry:… where the layout says so; "" = unknown',
        "出生日期(或版式规定的有效期)令牌，用于区分易混号码；空=未知",
        _SECOND,
    ),
    # --- order ---
    "orders": Word("at most 500 orders", "订单，每块至多500个", None),
    "address": Word("where it goes", "收件地址", None),
    "county": Word("six-digit code of GB/T 2260, by which it is sorted", "县级行政区划代码(GB/T 2260)，据此分拣", "440106"),
    "text": Word("address as printed", "打印的地址", "广东省广州市样例区测试路 1 号"),
    "name": Word("recipient", "收件人", "测试甲"),
    "phone": Word("telephone", "电话", "19900000000"),
    "product": Word("postal product", "邮政产品", "EMS"),
    "client_unit": Word("unit that pays", "委托单位", "GZ-PSB"),
    "fee_code": Word("code of the fee", "资费代码", "F1"),
    "priority": Word("the higher the sooner; 0 = none, 1 = urgent 加急", "优先级，越大越先；0=无，1=加急", 0),
    "Order.tracking_number": Word(
        'tracking number in one of the line\'s forms (UPU S10 with its check digit, or a domestic one); "" = the next '
        "one of the numbers that this chunk grants",
        "邮件号码：本线配置的格式之一(UPU S10 含校验位，或国内格式)；空=取本块授予号段的下一个号码",
        "EA473124829CN",
    ),
    "signature": Word(
        "how the addressee signs: in_person 本人签收, or code 亮码签收; printed on the label",
        "签收方式：in_person=本人签收，code=亮码签收；印于面单",
        "in_person",
    ),
    "source": Word("the system in which it was ordered", "订单来源", "GD-ONLINE"),
    "limit_min": Word("time limit in minutes from the signed receipt; 0 = its product's", "时限，分钟；0=按产品", 0),
    "weight_min_g": Word("lightest that its envelope may be, in g; 0 = as the line is set", "最小重量，克；0=按产线设置", 0),
    "weight_max_g": Word("heaviest that its envelope may be, in g; 0 = as the line is set", "最大重量，克；0=按产线设置", 0),
    # --- files that are printed on the line ---
    "files": Word("files from which documents of it are printed", "按需打印的文书文件", []),
    "url": Word("where the line fetches it; no credentials, no person's number", "下载地址；不得含凭据或证件号码", _URL),
    "sha256": Word("SHA-256 over the file's bytes, hex", "文件的 SHA-256，十六进制", _DIGEST),
    "pages": Word("number of PDF pages, all of them A4", "页数(均为 A4)", 2),
    "duplex": Word("on both sides of the sheet", "双面打印", False),
    "index": Word("which of the order's documents it is, from 0", "对应订单中第几份证件，从0起", 0),
    "carrier": Word(
        'control code of a carrier sheet in front, whose tokens are then the document\'s; "" = no carrier sheet',
        "封面页管制码(令牌即由此码生成)；空=无封面页",
        "",
    ),
    "file": Word("which of the order's documents is printed from it, from 0", "对应订单中第几份证件，从0起", 0),
    "sheets": Word("number of sheets of paper", "张数", 2),
    "SheetsUnknown.sheets": Word("sheets that the printer has counted", "打印机报告的张数", 1),
    "of": Word("sheets of one whole print", "整份应有张数", 2),
    "attempt": Word("number of this print of the file, from 1", "第几次打印，从1起", 1),
    "FileRefused.reason": Word("begins with a code: NOT_FETCHED, WRONG_DIGEST, NOT_PDF …", "原因，以代码开头", "WRONG_DIGEST"),
    "LabelImpossible.reason": Word(
        "names the character or the text", "所缺字符或超长文本", "label: no font of this layout has a glyph for U+20BB7"
    ),
    "SheetsUnknown.reason": Word("why", "原因", "1 of 2 sheets"),
    "sheets_are": Word("where its sheets stand", "其纸张的状态", "printed"),
    # --- manifest ---
    "message_id": Word("names the message, for people", "消息号(供人查对)", "GZ-20261125-01-1-1"),
    "request_id": Word("names the request; central may repeat it in its answer", "请求号；平台可在答复中带回", "3b2f-7-1"),
    "Manifest.request_id": Word('the request that it answers, "" = none', "所答复的请求号；空=主动下发", ""),
    "chunk": Word("number of this chunk, from 1", "块号，从1起", 1),
    "chunks": Word("number of chunks", "总块数", 1),
    "first_number": Word(
        'grants numbers: orders of this chunk without one get this and the following ones (S10), in their order; "" = none',
        "授予号段：本块中无号码的订单依次取此号码及其后续号码(S10)；空=不授予",
        "",
    ),
    "digest": Word(
        "SHA-256 over all orders of all chunks as canonical JSON (sorted keys, no spaces, UTF-8), one a line, in hex",
        "对全部块的全部订单(规范JSON：键排序、无空格、UTF-8，每行一单)的 SHA-256，十六进制",
        _DIGEST,
    ),
    "ambiguous": Word(
        "groups of open orders whose numbers look alike: orders by comma, groups by semicolon, at most 200 groups of 20",
        "易混号码的未结订单组：组内逗号、组间分号，至多200组、每组20个",
        "GD-2026-000123,GD-2026-000188",
    ),
    "ambiguous_groups": Word("number of such groups", "易混组数", 1),
    "undecided": Word(
        "those of them whose second fields do not tell all members apart: send birth or expiry for each",
        "其中第二字段不能区分的组：请补发出生日期或有效期令牌",
        "",
    ),
    "undecided_groups": Word("number of such groups", "不能区分的组数", 0),
    "faults": Word(
        "its faults, each with place and remedy, separated by semicolons",
        "错误清单：位置与处理，分号分隔",
        "DUPLICATE_ORDER at order 'GD-2026-000123': order stands there twice; central: send each order once",
    ),
    "fault": Word(
        "what central has to correct", "平台须改正之处", "Expected `int`, got `str` - at `$.version`; central: correct it"
    ),
    "topic": Word("last part of the topic it came on", "所在主题的末段", "lot"),
    # --- lease ---
    "epoch": Word("rises with each grant of the lot, to whichever line", "纪元：该批每次授予(无论哪条线)加一", 3),
    "Manifest.epoch": Word("the same; 0 = without a lease", "纪元；0=无租约", 3),
    "lease_end_ms": Word(
        "until when the orders are this line's, ms since 1970 UTC; 0 = without a lease",
        "租约到期时间，UTC毫秒；0=无租约",
        1_795_086_400_000,
    ),
    "end_ms": Word("until when the lot is this line's, ms since 1970 UTC", "租约到期时间，UTC毫秒", 1_795_086_400_000),
    "central_ms": Word("central's clock, ms since 1970 UTC; 0 = not said", "平台时钟，UTC毫秒；0=未告知", 1_795_000_012_000),
    "Lease.journal_id": Word(
        "as in the request that it answers; empty = unasked", "所答复请求中的日志号；空=主动下发", "3b2f9c1d7e40"
    ),
    "Lease.boot": Word("as in the request that it answers; 0 = unasked", "所答复请求中的启动序号；0=主动下发", 7),
    "Lease.code": Word(
        "OK, or why it does not count: UNKNOWN_LOT, OLD_EPOCH, CLOCKS_DIFFER; BY_PERSONS = confirmed by two persons",
        "OK，或不予采纳的原因；BY_PERSONS=双人确认",
        "OK",
    ),
    # --- receipt lot ---
    "signed_ms": Word("when both sides signed, ms since 1970 UTC", "双方签字时间，UTC毫秒", 1_795_000_000_000),
    "green": Word("of the green channel: fed first", "绿色通道：优先上件", False),
    "open": Word("without an outcome (0 in a closed lot)", "尚无结果", 0),
    "LotReconciled.dispatched": Word("dispatched", "已寄出", 116),
    "no_order": Word("document without order", "有证无单", 3),
    "cancelled": Word("order cancelled", "订单已撤", 0),
    "damaged": Word("damaged", "损毁", 0),
    "returned": Word("returned to the issuer", "退回制证单位", 1),
    "missing": Word("on the list, never seen", "缺少", 0),
    "BeltCleared.missing": Word("things that were expected on the belts and not found", "应在线而未找到的件数", 0),
    "surplus": Word("there, but on no list", "多出", 0),
    "account": Word("which account of this lot, from 1: the last one counts", "本批次第几份核对文件，以最后一份为准", 1),
    "LotFiled.file": Word("name of the file", "文件名", "R1-6f1ed002ab55.json"),
    "LotFiled.sha256": Word("SHA-256 of the whole file, in hex", "整个文件的 SHA-256，十六进制", "0" * 64),
    "size_bytes": Word("size in bytes", "大小，字节", 48_210),
    "LotFiled.key": Word("the line's public key (Ed25519, hex) that it is signed for", "本线签名公钥(Ed25519)", "0" * 64),
    # --- checks and outcomes ---
    "verdict": Word("MATCH, MISMATCH, UNREADABLE, UNKNOWN, NO_ORDER, DUPLICATE, AMBIGUOUS or CANCELLED", "核对结论", "MATCH"),
    "reason": Word('reason code, see docs/tables.md; "" with MATCH', "原因代码，见 docs/tables.md；MATCH 时为空", ""),
    "Rejected.reason": Word("reason code, see docs/tables.md", "原因代码，见 docs/tables.md", "NO_ORDER"),
    "LabelUnknown.reason": Word("why", "原因", "reply_lost"),
    "LabelVoid.reason": Word("why", "原因", "destroyed"),
    "LotRefused.reason": Word("why", "原因", "lot or a document of it is listed already"),
    "place": Word("reject place", "剔除口", "document_tray"),
    "pick_up": Word('where it waits for its owner, "" = nowhere', "自取点；空=无", "GZ-03 窗口"),
    "weight_g": Word("weight in g", "重量，克", 18),
    "sort_plan": Word("version of the sort plan", "分拣方案版本", "2026-11"),
    "count": Word("number of items", "件数", 80),
    "tracking_numbers": Word("what is in it, comma-separated", "袋内邮件号码，逗号分隔", "EA473124829CN"),
    "code": Word("what became of it", "结果代码", "OK"),
    "Cancellation.code": Word(
        "CANCELLED, RECALLED (take it out of its bag), BAG_CLOSED, OLD_VERSION or UNKNOWN_ORDER", "撤单结果", "RECALLED"
    ),
    "Condition.code": Word("code of the condition, see docs/tables.md", "条件代码，见 docs/tables.md", "CHUTE_FULL"),
    "Condition.priority": Word("1 high to 3 low", "优先级：1高…3低", 2),
    "position": Word("place in the bag, counted from the bottom; null = in none", "袋内自下而上的位置；null=不在袋中", 12),
    "evidence": Word("id of the sealed picture of its label", "面单图像编号(加密存证)", "label_camera-3-22"),
    # --- the line ---
    "online": Word("whether the line is connected", "是否在线", True),
    "state": Word("PackML state", "PackML 状态", "EXECUTE"),
    "cause": Word('condition that stopped it first, "" = none', "首个停机原因；空=无", ""),
    "conditions": Word("codes of the conditions in force, the oldest first", "当前有效的条件代码，最早的在前", ("CHUTE_FULL",)),
    "LineState.dispatched": Word("items dispatched since this journal began", "本日志开始以来已寄出件数", 19_800),
    "waiting": Word("events that wait for central's confirmation", "等待平台确认的事件数", 3),
    "contract": Word("version of this contract that the line speaks", "本线所用的契约版本", "1.0"),
    "active": Word("true = it began, false = it ended", "真=开始，假=结束", True),
    "act": Word("what was asked for", "所请求的操作", "bind_bag"),
    "round": Word("number of the round", "轮次", 31),
    "tried": Word("number of challenges", "挑战件数", 14),
    "missed": Word("those that were not refused, comma-separated", "未被拦截的挑战件，逗号分隔", ""),
    "roll": Word("media or ribbon", "标签纸(media)或碳带(ribbon)", "media"),
    "virtual": Word("always true: nothing of it exists", "恒为真：并无实物", True),
    "Production.since_ms": Word("begin of the minute, ms since 1970 UTC", "该分钟开始时间，UTC毫秒", 1_795_000_020_000),
    "documents_fed": Word("documents fed", "上件证件数", 45),
    "rejected": Word("items and lone documents rejected", "剔除件数", 1),
    "rate_per_h": Word("items dispatched an hour, by the last minute", "按最近一分钟折算的每小时寄出件数", 2_690),
    "bound_ppm": Word(
        "wrong dispatches are fewer than this per million at 95 %, if none is known; 0 = nothing was dispatched",
        "95%置信下错寄率上界，百万分之(已知错寄为零时)；0=未寄出",
        152,
    ),
    "challenges_missed": Word("number of challenges that were not refused", "未被拦截的挑战件数", 0),
    "since_ms": Word("begin of the shift, ms since 1970 UTC", "班次开始时间，UTC毫秒", 1_795_000_000_000),
    "dispatched": Word("items dispatched", "已寄出件数", 19_800),
    "stops": Word(
        "cause:number:seconds, separated by semicolons, the longest first", "停机原因:次数:秒，分号分隔", "JAM:2:310"
    ),
    "availability": Word("availability, per mille", "时间开动率，千分之", 962),
    "effectiveness": Word("effectiveness, per mille", "性能开动率，千分之", 918),
    "quality": Word("quality, per mille", "合格率，千分之", 991),
    "oee": Word("overall equipment effectiveness, per mille", "设备综合效率，千分之", 875),
    "boot": Word("number of this start", "启动序号", 7),
    "broke": Word('the promise that made it stop itself, "" = none', "自行停机所因的核对；空=无", ""),
    # --- the sequence ---
    "journal_id": Word("the line's journal; a new one begins at 1", "日志号；新日志从1编号", "3b2f9c1d7e40"),
    "LineState.journal_id": Word('the line\'s journal, "" = offline', "日志号；空=离线", "3b2f9c1d7e40"),
    "seq": Word("number in the journal's sequence, from 1 without gaps", "事件序号，从1起不间断", 4812),
    "Confirm.seq": Word("everything up to here is stored", "截至此序号均已存妥", 4812),
    "Confirm.digest": Word(
        'central\'s account up to seq, "" = not said: digest n is SHA-256 over digest n-1 and the canonical JSON of event n; '
        "digest 0 is 32 zero bytes; in hex",
        "平台账目摘要；空=未告知。第n个摘要=SHA-256(第n-1个摘要‖第n个事件的规范JSON)，第0个为32个零字节，十六进制",
        _DIGEST,
    ),
    "Anchor.seq": Word("number of the journal's last record", "日志末条记录号", 90_210),
    "key": Word("idempotency key: <journal_id>:<seq>", "幂等键：<日志号>:<序号>", "3b2f9c1d7e40:4812"),
    "at_ms": Word(
        "when it happened, ms since 1970 UTC; 0 = before the line read its clock",
        "发生时间，UTC毫秒；0=尚未读钟",
        1_795_000_012_345,
    ),
    "EventMessage.kind": Word("kind of the event", "事件种类", "dispatched"),
    "body": Word("its facts, by kind", "事件内容，随种类而定", None),
    "chain": Word("hash of the journal's chain after that record, hex", "该记录后的链式散列，十六进制", "9a" * 16),
    "want": Word(
        'what it asks for: "manifest" (its orders; `lot`: those), "next" (another lot), "leases", '
        '"cancellations" (of `orders`, which lie in open bags; after each outage)',
        "所请求的内容：manifest=订单(lot 指定批)，next=下一批，leases=租约，cancellations=未封袋内订单的撤单",
        "manifest",
    ),
    "Request.lot": Word('lot whose barcode was scanned, "" = none', "所扫描的批号；空=未扫描", ""),
    "kinds": Word("kinds of documents that the line can run", "本线可处理的证件种类", ["resident_id", "passport"]),
    "number_forms": Word(
        "forms of tracking numbers that the line takes, as regular expressions; check digits come on top",
        "本线接受的邮件号码格式(正则表达式)，另有校验位",
        ["[A-Z]{2}[0-9]{9}[A-Z]{2}", "[1-9][0-9]{12}"],
    ),
    "formats": Word("formats of envelopes that the line can run", "本线可用的信封规格", ["C5"]),
    "thickness_max_mm": Word("thickest envelope that it can run, in mm; 0 = not said", "可处理的最大封厚，毫米；0=未声明", 8),
    "Request.orders": Word("orders in its open bags", "未封袋内的订单", []),
}


def word(message: str, field: str) -> Word:
    """The meaning of a message's field. Raises KeyError where nobody has written it down."""
    return WORDS.get(f"{message}.{field}") or WORDS[field]
