"""Words that a text may have by chance, though somebody is called so or has chosen them. Pure.

A name of one word that is among them is not searched for in other texts, nor one of several that are all of `OF_PAGES`.
"""

from __future__ import annotations

# Words of accounts, of pages and of programs.
OF_PAGES = frozenset(
    """
    access account action active admin administrator agent alert anonymous answer api app apple application archive
    assistant audio author avatar backend background bearer beta body bot browser build button cancel canvas card
    center chainlit change channel charset chat chatbot chats claude client close cloud code column company
    component config connect console contact content context control conversation cookie copilot copy create custom
    customer dashboard data database date deepseek default delete demo desktop details developer device dialog
    display document domain download editor element email empty engine enter error event example export external
    feature feedback field file filter folder font footer format frame friend full function gateway gemini general
    google gpt gradio group guest header hello help hidden history home host icon iframe image import index info
    input instance integer internal item javascript json key keyboard label language layout library librechat
    license light link list llama load loading lobechat local location login logout machine main manager markdown
    master match me media member memory menu message method microsoft middle mistral mobile mode model moderator
    module my name navigation network new node none null number object offline online open openai openassistant
    openwebui option options organization origin owner page panel param parent partner password path pending people
    person plain platform player plugin policy post preset preview primary private process product profile program
    project prompt property provider proxy public python query qwen random reader record referer region register
    release remote report request reset resource response result role root router sample save schema scope screen
    script search secret section secure security select self send server service session setting settings share
    shared sign signal simple single site source space staff standard start state static status stop storage store
    stream streamlit string strong student studio style submit subscriber summary super superuser support symbol
    system table target teacher team template terminal test tester testuser text theme thread time title token tool
    toolkit tools transfer trial tutorial type undefined unknown update upload url user username users utility value
    vendor version video viewer visitor web webmaster webui welcome widget window word worker workspace world writer
    your
    """.split()  # noqa: SIM905
)
# Further words of six letters and more that are common in English, or what people choose to be called.
OF_ENGLISH = frozenset(
    """
    ability absence academic accept accident according achieve across activity actually address advance advantage
    adventure advice affair affect afford afraid afternoon against agency agreement airport alcohol almost alone
    already although always amazing amount analysis ancient angel angels animal animals annual another anybody
    anyone anything anyway apartment apparent appeal appear appearance appoint approach appropriate approve archer
    argument around arrange arrival arrive article artist aspect assess assume assure attack attempt attend
    attention attitude attract audience august austin autumn available average awards bailey banana banker banner
    barber basket battle bearing beauty because become before began beginning behavior behind belief believe belong
    benefit berlin beside better between beyond bicycle bigger billion biscuit bishop bitter blanket blossom bottle
    bottom bought branch brandy breakfast breath bridge brief bright bring britain broken brother brothers brought
    brown budget builder building burden burning bushes business butcher butter butterfly cabinet camera campaign
    cancer candidate candle candy cannot capable capital captain capture carbon career careful carpenter carrier
    carter castle casual category catholic cause celebrate cement central centre century certain certainly chair
    challenge chamber champion chance chandler chapter charge charity charlotte charter cheese cherry chester
    chicken chief child children choice choose christian christmas church circle circumstance citizen clarity
    classic classical clean clear clever climate climb closed clothes coffee collect college colonial color colour
    combine comfort coming command comment commercial commission committee common community compare comparison
    competition complete complex computer concept concern concert conclusion condition conduct conference confirm
    conflict confused consider consist constant construction consumer contain contemporary continue contract
    contrast contribution convert cooking cooper copper corner correct cotton council counter country county couple
    courage course courts cousin cover cowboy creation creative credit crisis critical crystal culture current
    curtain custom cutting damage dancer danger dangerous daughter dealer decade decide decision declare decline
    deeply defeat defence defense define degree deliver demand democracy department depend depth describe desert
    design designer desire despite destiny destroy detail determine develop development diamond difference different
    difficult dinner direct direction director discover discuss discussion disease distance district divide doctor
    dollar domestic double dragon dragons drawing dreamer dreams driver dropped during easily easter eastern
    economic economy edition education effect effective effort either elaborate elected election electric electronic
    eleven else emerge emotion emphasis employ employee enable encourage energy english enjoy enough ensure entire
    entrance environment equal equipment escape especially essential establish estate europe evening eventually
    evergreen everybody everyone everything evidence exactly examine excellent except exchange exciting executive
    exercise exist expect expensive experience experiment expert explain explore express extend extent extra extreme
    factor factory failure fairly falcon falcons family famous farmer fashion faster father favorite favourite
    federal feeling female fiction fighter figure finally finance financial finding finger finish finished fisher
    flower flowers flying follow following foolish football force foreign forest forever forget formal former
    fortune forward foster fourth france freedom french frequent friday friendly friends frozen future galaxy gamble
    garden gardener gather gentle gentleman georgia german germany ginger glass global golden goodbye gordon
    government grade graham grand grant graphic grateful great greatest greece ground growing growth guard guardian
    guitar hammer handle handler hanging happen happened happiness happy harbor harbour hardly harmony harvest
    hearing heather heaven heavy helper herself highly himself historic holder holiday holland holmes honest honour
    hoping horizon horror horses hospital however hundred hungry hunter hunting husband ideal identify identity
    imagine impact important improve including income increase indeed indian indicate individual industrial industry
    infant influence initial injury inside insist instead institute insurance intend interest interesting interview
    invest island italian italy itself jacket january jasmine jasper jordan journal journey judge juliet jungle
    junior justice killer kingdom kitchen knight knowledge lawyer leader leading league learn leather leave legend
    lesson letter letters level liberty lights likely limited listen little living london lonely longer looking
    losing lovely lover lovers loving lucky magazine magic magnet maiden mainly maintain making manage manner marble
    margin marine market markets marriage married marshall martial marvel mason material matter matters maximum
    maybe mayor meaning measure meeting melody mention merchant mercury message middle midnight military miller
    million mineral minimum minister minute mirror missing mission modern moment monday monetary money monkey month
    morgan morning mostly mother motion mountain moving murder museum music musical musician myself mystery narrow
    nation national native natural nature nearby nearly necessary needle neither nelson neptune nerves network never
    newspaper night nobody normal northern nothing notice notion november number nurse obtain obvious occasion ocean
    october offer office officer official oliver olivia olympic onions only operate opinion orange orchard orchid
    order ordinary organic organize orient original orlando others ourselves outside overall oxford oxygen palace
    paper parade paradise paris parish parker particular party passage passion past patience patient pattern payment
    peace pearl penguin pepper perfect perform perhaps period permit personal phoenix phone photo phrase physical
    picture pilgrim pilot pioneer pirate planet planning plant plastic please pleasure plenty pocket poetry point
    poison police political politics poorly popular population porter portion portrait position positive possible
    potato potential potter powder power powerful practical practice prairie prayer precious prefer present
    president pressure pretty prevent previous price pride priest prince princess principal prison private prize
    probably problem produce production profession professor profit progress promise promote proper proposal protect
    protein proud prove provide publish pumpkin purple purpose quality quarter queen question quickly quiet rabbit
    racing radical radio rainbow rainbows ranger raven ravens reaction reading ready reality realize really reason
    receive recent recently recipe recognize record recover reduce refer reflect reform regard regular relation
    relative relax religion remain remember remove repeat replace reply require research reserve resident resist
    respect respond return reveal review revolution reward rhythm right rising river rivers robin rocket roman
    romance rotate round royal ruler running russell russia russian sacred saddle sailor salmon sandwich sandy
    saturday saturn savage saving sawyer scarlet scheme school science scientist scorpion season second secretary
    sector seeing senator senior sense sentence separate september series serious serve settle seven several severe
    shadow shadows sheriff shield shining shooter shopping short should shoulder shower sierra silence silent silver
    similar singer singing sister sitting skill sleeping slight slowly smart smile smith smooth snyder social
    society soldier solution somebody someone something sometimes somewhat sorry sound southern spanish sparrow
    speaker special specific speech spencer spider spirit spring square squirrel stable stanley station steady
    sterling steven stewart stock stone storm stranger strategy street strength stress stretch strike strong
    structure struggle studying subject success sudden suffer sugar suggest suitable summer sunday sunlight sunny
    sunrise sunset sunshine supply suppose surface surgery surprise survey survive switch sydney symptom talent
    tanner taste taught taylor temple tender tennis terrible territory texas thank theory therapy therefore thing
    think thinker though thought thousand threat three through thunder thursday ticket tiger tigers tomato tomorrow
    tonight topic totally touch toward tower trade tradition traffic train training travel traveler treat treatment
    trial trouble truly trust truth tucker tuesday turner turtle twelve twenty typical under understand union unique
    united universe university unless until upper urban usually valley variety various velvet venice venus vessel
    victim victor victoria victory village violet virgin virginia virtue vision visit voice volume wagner waiter
    walker wanderer warden warning warrior washington watcher water weather weaver wedding weekend weight welcome
    western whatever wheeler whether whisper white whole william willow winner winter wisdom within without wizard
    wolves woman women wonder wonderful wooden worker working worry worth writing written yellow yesterday younger
    yourself
    """.split()  # noqa: SIM905
)
