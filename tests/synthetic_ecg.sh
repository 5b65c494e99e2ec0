# synthetic_ecg.sh - for tests to include: prints ten seconds of ECG at 250 Hz as CSV, eight leads in
# mV, a triangular QRS of 80 ms and a rounded T wave every 800 ms.
synthetic_ecg() {
    awk 'BEGIN { print "t_ms,I,II,V1,V2,V3,V4,V5,V6"
        for (i = 0; i < 2500; i++) {
            t = 4 * i; p = (t + 400) % 800; u = p - 300
            v = (p < 40 ? p / 40 : p < 80 ? 2 - p / 40 : 0) + (u * u < 6400 ? 0.25 * (1 - u * u / 6400) : 0)
            v += 0.01 * sin(t / 700) + 0.003 * sin(t / 37)
            printf "%d,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f\n", t, 0.6 * v, v, -0.5 * v, 0.2 * v, v, 1.2 * v, v, 0.8 * v } }'
}
