import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.WindowStore;

/**
 * The peer's side of the benchmark: per learner, count and sum of clicks in windows of some days that hop by one, every changed window to a
 * topic. Reads and writes the bytes that the other side does. Runs until it is told to end; then prints one line of JSON.
 *
 * Arguments: bootstrap servers, application id, input topic, output topic, schema id of the output, guarantee, threads, state folder, days.
 */
public final class ClickWindows {
  private static final int HEADER_BYTES = 5;
  private static final com.sun.management.OperatingSystemMXBean SYSTEM =
      (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static volatile long firstMs = 0;
  private static volatile long firstCpuNs = 0;

  record Click(long atMs, long clicks) {}

  public static void main(String[] args) throws InterruptedException {
    StreamsBuilder builder = new StreamsBuilder();
    int schemaId = Integer.parseInt(args[4]);
    Serde<Click> clicks = Serdes.serdeFrom((topic, click) -> { throw new UnsupportedOperationException(); }, reader());
    Serde<long[]> totals = Serdes.serdeFrom((topic, total) -> bytesOf(total), (topic, bytes) -> totalOf(bytes));
    builder
        .stream(args[2], Consumed.with(Serdes.String(), clicks).withTimestampExtractor((record, before) -> timeOf((Click) record.value())))
        .groupByKey(Grouped.with(Serdes.String(), clicks))
        .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofDays(Long.parseLong(args[8])), Duration.ofDays(1)).advanceBy(Duration.ofDays(1)))
        .aggregate(
            () -> new long[2],
            (key, click, total) -> new long[] {total[0] + 1, total[1] + click.clicks()},
            Materialized.<String, long[], WindowStore<Bytes, byte[]>>as("totals").withKeySerde(Serdes.String()).withValueSerde(totals))
        .toStream()
        .map((window, total) -> result(schemaId, window.key(), Long.toString(window.window().start()), total))
        .to(args[3], Produced.with(Serdes.String(), Serdes.ByteArray()));
    KafkaStreams streams = new KafkaStreams(builder.build(), propertiesOf(args));
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      streams.close(Duration.ofMinutes(2));
      report();
      ended.countDown();
    }));
    streams.start();
    ended.await();
  }

  private static Properties propertiesOf(String[] args) {
    Properties properties = new Properties();
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, args[1]);
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, args[5]);
    properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, args[6]);
    properties.put(StreamsConfig.STATE_DIR_CONFIG, args[7]);
    properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
    properties.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    return properties;
  }

  private static long timeOf(Click click) {
    if (firstMs == 0) {
      firstCpuNs = SYSTEM.getProcessCpuTime();
      firstMs = System.currentTimeMillis();
    }
    return click.atMs();
  }

  private static void report() {
    long cpuMs = (SYSTEM.getProcessCpuTime() - firstCpuNs) / 1_000_000;
    long endMs = System.currentTimeMillis();
    System.out.println("{\"firstMs\":" + firstMs + ",\"endMs\":" + endMs + ",\"cpuMs\":" + cpuMs + ",\"peakMb\":" + peakMb() + "}");
    System.out.flush();
  }

  /** Most resident memory, as Linux tells it; 0 elsewhere. */
  private static long peakMb() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines.filter(line -> line.startsWith("VmHWM")).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024).findFirst().orElse(0);
    } catch (IOException absent) {
      return 0;
    }
  }

  /** Fields of a click in their order: learner, atMs, clicks. */
  private static Deserializer<Click> reader() {
    return (topic, bytes) -> {
      ByteBuffer buffer = ByteBuffer.wrap(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES);
      long length = readLong(buffer);
      buffer.position(buffer.position() + (int) length);
      return new Click(readLong(buffer), readLong(buffer));
    };
  }

  /** Fields of a result in their order: learner, window, events, clicks. */
  private static KeyValue<String, byte[]> result(int schemaId, String learner, String window, long[] total) {
    byte[] learnerBytes = learner.getBytes(StandardCharsets.UTF_8);
    byte[] windowBytes = window.getBytes(StandardCharsets.UTF_8);
    ByteBuffer buffer = ByteBuffer.allocate(HEADER_BYTES + learnerBytes.length + windowBytes.length + 40);
    buffer.put((byte) 0).putInt(schemaId);
    writeLong(buffer, learnerBytes.length);
    buffer.put(learnerBytes);
    writeLong(buffer, windowBytes.length);
    buffer.put(windowBytes);
    writeLong(buffer, total[0]);
    writeLong(buffer, total[1]);
    byte[] value = new byte[buffer.position()];
    buffer.flip().get(value);
    return KeyValue.pair(learner + "|" + window, value);
  }

  private static byte[] bytesOf(long[] total) {
    return ByteBuffer.allocate(16).putLong(total[0]).putLong(total[1]).array();
  }

  private static long[] totalOf(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new long[] {buffer.getLong(), buffer.getLong()};
  }

  /** Avro's long: zigzag, seven bits a byte, the least first. */
  private static long readLong(ByteBuffer buffer) {
    long zigzag = 0;
    int shift = 0;
    byte next;
    do {
      next = buffer.get();
      zigzag |= (long) (next & 0x7f) << shift;
      shift += 7;
    } while (next < 0);
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  private static void writeLong(ByteBuffer buffer, long value) {
    long zigzag = (value << 1) ^ (value >> 63);
    while ((zigzag & ~0x7fL) != 0) {
      buffer.put((byte) ((zigzag & 0x7f) | 0x80));
      zigzag >>>= 7;
    }
    buffer.put((byte) zigzag);
  }
}
